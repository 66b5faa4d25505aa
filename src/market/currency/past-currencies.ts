/**
 * Codes that are no longer on the list of ISO 4217, one a line: code, name. Where a redenomination ended them, its date stands in
 * `REDENOMINATION_LIST`; else the first day without them stands between the two.
 */
export const PAST_CURRENCIES = `
ADP Andorran Peseta
AFA Afghani (before 2002)
ANG Netherlands Antillean Guilder
AON New Kwanza
AOR Kwanza Reajustado
ARA Austral
ARL Peso Ley
ARP Peso Argentino
ATS Austrian Schilling
AZM Azerbaijan Manat (before 2006)
BEF Belgian Franc
BGL Hard Lev
BGN Bulgarian Lev
BOP Bolivian Peso
BRB Cruzeiro Novo
BRC Cruzado
BRE Cruzeiro (1990-1993)
BRN Cruzado Novo
BRR Cruzeiro Real
BYB Belarusian Ruble (before 2000)
BYR Belarusian Ruble (2000-2016)
CLE Chilean Escudo
CSD Serbian Dinar (before 2006)
CSK 1993-02-08 Czechoslovak Koruna
CUC 2021-01-01 Peso Convertible
CYP Cyprus Pound
DDM 1990-07-01 Mark der DDR
DEM Deutsche Mark
EEK Kroon
ESP Spanish Peseta
FIM Markka
FRF French Franc
GEK Georgian Coupon
GHC Cedi (before 2007)
GRD Drachma
GWP Guinea-Bissau Peso
HRD Croatian Dinar
HRK Kuna
IEP Irish Pound
ISJ Iceland Krona (before 1981)
ITL Italian Lira
LTL Lithuanian Litas
LTT Talonas
LUF Luxembourg Franc
LVL Latvian Lats
LVR Latvian Ruble
MDC Moldovan Cupon
MGF Malagasy Franc
MRO Ouguiya (before 2018)
MTL Maltese Lira
MXP Mexican Peso (before 1993)
MZM Mozambique Metical (before 2006)
NLG Netherlands Guilder
PEI Inti
PLZ Zloty (before 1995)
PTE Portuguese Escudo
ROL Leu (before 2005)
RUR Russian Ruble (before 1998)
SDD Sudanese Dinar
SDP Sudanese Pound (before 1992)
SIT Tolar
SKK Slovak Koruna
SLL Leone (before 2022)
SRG Surinam Guilder
STD Dobra (before 2018)
TJR Tajik Ruble
TMM Turkmenistan Manat (before 2009)
TRL Turkish Lira (before 2005)
UAK Karbovanet
UYN Peso Uruguayo (before 1975)
UYP Peso Uruguayo (1975-1993)
VEB Bolívar (before 2008)
VEF Bolívar Fuerte
XEU European Currency Unit (E.C.U)
ZMK Zambian Kwacha (before 2013)
ZWL Zimbabwe Dollar
`
