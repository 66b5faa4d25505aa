/*---
table: risk_summary
contract: risk_summary
grain: one row per instrument and date
partition: date
lookback: P0D
description: >
  What a desk reads first: the close and the main figures of risk_metrics, one column each. A figure is empty where risk_metrics
  gives a reason instead of a value.
---*/
WITH figures AS (
  SELECT
    instrument_id, date,
    max(value) FILTER (WHERE metric = 'return_1d') AS return_1d,
    max(value) FILTER (WHERE metric = 'volatility_20d') AS volatility_20d,
    max(value) FILTER (WHERE metric = 'ewma_volatility') AS ewma_volatility,
    max(value) FILTER (WHERE metric = 'var_95_loss') AS var_95_loss,
    max(value) FILTER (WHERE metric = 'var_99_loss') AS var_99_loss,
    max(value) FILTER (WHERE metric = 'es_975_loss') AS es_975_loss,
    max(value) FILTER (WHERE metric = 'max_drawdown_loss') AS max_drawdown_loss,
    max(value) FILTER (WHERE metric = 'sharpe') AS sharpe,
    max(_known_at) AS _known_at
  FROM gold.risk_metrics
  WHERE metric IN ('return_1d', 'volatility_20d', 'ewma_volatility', 'var_95_loss', 'var_99_loss', 'es_975_loss', 'max_drawdown_loss', 'sharpe')
  GROUP BY instrument_id, date
)
SELECT
  instrument_id, date, close, return_1d, volatility_20d, ewma_volatility, var_95_loss, var_99_loss, es_975_loss,
  max_drawdown_loss, sharpe, figures._known_at
FROM gold.returns_daily JOIN figures USING (instrument_id, date)
