-- gold.risk_summary in Trino's SQL, made from models/gold/risk_summary.sql by scripts/generate-trino.mjs.
SELECT
  CAST(instrument_id AS varchar) AS instrument_id,
  CAST(date AS date) AS date,
  CAST(close AS decimal(38, 18)) AS close,
  CAST(return_1d AS double) AS return_1d,
  CAST(volatility_20d AS double) AS volatility_20d,
  CAST(ewma_volatility AS double) AS ewma_volatility,
  CAST(var_95_loss AS double) AS var_95_loss,
  CAST(var_99_loss AS double) AS var_99_loss,
  CAST(es_975_loss AS double) AS es_975_loss,
  CAST(max_drawdown_loss AS double) AS max_drawdown_loss,
  CAST(sharpe AS double) AS sharpe,
  CAST(_known_at AS timestamp(6) with time zone) AS _known_at
FROM (
  WITH figures AS (
    SELECT
      instrument_id,
      date,
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
    returns_daily.instrument_id,
    returns_daily.date,
    returns_daily.close,
    figures.return_1d,
    figures.volatility_20d,
    figures.ewma_volatility,
    figures.var_95_loss,
    figures.var_99_loss,
    figures.es_975_loss,
    figures.max_drawdown_loss,
    figures.sharpe,
    figures._known_at
  FROM gold.returns_daily
  JOIN figures ON returns_daily.instrument_id = figures.instrument_id AND returns_daily.date = figures.date
)
