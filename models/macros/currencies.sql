/*---
description: Rates between currencies, as far as they may be carried, and how they came about.
---*/

-- How many days after its day a rate still counts: over Easter for daily tables, to the next week for those of a weekly one.
CREATE OR REPLACE MACRO rate_days(fixing) AS CASE fixing WHEN 'nbp:B' THEN 8 ELSE 4 END;

-- Value of one unit of a currency in the pivot, as a double: the published rate, or one over a rate that was published the other way.
CREATE OR REPLACE MACRO in_pivot(rate, is_inverse) AS CASE WHEN is_inverse THEN 1 / to_double(rate) ELSE to_double(rate) END;

-- Amounts in money of the units that a currency has: 250 pence are 2.5 pounds.
CREATE OR REPLACE MACRO in_money(amount, parts) AS to_double(amount) / coalesce(parts, 1);
