/**
 * The codes in force of ISO 4217 (list one of the maintenance agency, as of 2026-01-01), one a line: code, numeric code, digits after
 * the decimal point (`-`: not applicable), kind, name.
 */
export const ISO_4217 = `
AED 784 2 money UAE Dirham
AFN 971 2 money Afghani
ALL 008 2 money Lek
AMD 051 2 money Armenian Dram
AOA 973 2 money Kwanza
ARS 032 2 money Argentine Peso
AUD 036 2 money Australian Dollar
AWG 533 2 money Aruban Florin
AZN 944 2 money Azerbaijan Manat
BAM 977 2 money Convertible Mark
BBD 052 2 money Barbados Dollar
BDT 050 2 money Taka
BHD 048 3 money Bahraini Dinar
BIF 108 0 money Burundi Franc
BMD 060 2 money Bermudian Dollar
BND 096 2 money Brunei Dollar
BOB 068 2 money Boliviano
BOV 984 2 fund Mvdol
BRL 986 2 money Brazilian Real
BSD 044 2 money Bahamian Dollar
BTN 064 2 money Ngultrum
BWP 072 2 money Pula
BYN 933 2 money Belarusian Ruble
BZD 084 2 money Belize Dollar
CAD 124 2 money Canadian Dollar
CDF 976 2 money Congolese Franc
CHE 947 2 fund WIR Euro
CHF 756 2 money Swiss Franc
CHW 948 2 fund WIR Franc
CLF 990 4 fund Unidad de Fomento
CLP 152 0 money Chilean Peso
CNY 156 2 money Yuan Renminbi
COP 170 2 money Colombian Peso
COU 970 2 fund Unidad de Valor Real
CRC 188 2 money Costa Rican Colon
CUP 192 2 money Cuban Peso
CVE 132 2 money Cabo Verde Escudo
CZK 203 2 money Czech Koruna
DJF 262 0 money Djibouti Franc
DKK 208 2 money Danish Krone
DOP 214 2 money Dominican Peso
DZD 012 2 money Algerian Dinar
EGP 818 2 money Egyptian Pound
ERN 232 2 money Nakfa
ETB 230 2 money Ethiopian Birr
EUR 978 2 money Euro
FJD 242 2 money Fiji Dollar
FKP 238 2 money Falkland Islands Pound
GBP 826 2 money Pound Sterling
GEL 981 2 money Lari
GHS 936 2 money Ghana Cedi
GIP 292 2 money Gibraltar Pound
GMD 270 2 money Dalasi
GNF 324 0 money Guinean Franc
GTQ 320 2 money Quetzal
GYD 328 2 money Guyana Dollar
HKD 344 2 money Hong Kong Dollar
HNL 340 2 money Lempira
HTG 332 2 money Gourde
HUF 348 2 money Forint
IDR 360 2 money Rupiah
ILS 376 2 money New Israeli Sheqel
INR 356 2 money Indian Rupee
IQD 368 3 money Iraqi Dinar
IRR 364 2 money Iranian Rial
ISK 352 0 money Iceland Krona
JMD 388 2 money Jamaican Dollar
JOD 400 3 money Jordanian Dinar
JPY 392 0 money Yen
KES 404 2 money Kenyan Shilling
KGS 417 2 money Som
KHR 116 2 money Riel
KMF 174 0 money Comorian Franc
KPW 408 2 money North Korean Won
KRW 410 0 money Won
KWD 414 3 money Kuwaiti Dinar
KYD 136 2 money Cayman Islands Dollar
KZT 398 2 money Tenge
LAK 418 2 money Lao Kip
LBP 422 2 money Lebanese Pound
LKR 144 2 money Sri Lanka Rupee
LRD 430 2 money Liberian Dollar
LSL 426 2 money Loti
LYD 434 3 money Libyan Dinar
MAD 504 2 money Moroccan Dirham
MDL 498 2 money Moldovan Leu
MGA 969 2 money Malagasy Ariary
MKD 807 2 money Denar
MMK 104 2 money Kyat
MNT 496 2 money Tugrik
MOP 446 2 money Pataca
MRU 929 2 money Ouguiya
MUR 480 2 money Mauritius Rupee
MVR 462 2 money Rufiyaa
MWK 454 2 money Malawi Kwacha
MXN 484 2 money Mexican Peso
MXV 979 2 fund Mexican Unidad de Inversion (UDI)
MYR 458 2 money Malaysian Ringgit
MZN 943 2 money Mozambique Metical
NAD 516 2 money Namibia Dollar
NGN 566 2 money Naira
NIO 558 2 money Cordoba Oro
NOK 578 2 money Norwegian Krone
NPR 524 2 money Nepalese Rupee
NZD 554 2 money New Zealand Dollar
OMR 512 3 money Rial Omani
PAB 590 2 money Balboa
PEN 604 2 money Sol
PGK 598 2 money Kina
PHP 608 2 money Philippine Peso
PKR 586 2 money Pakistan Rupee
PLN 985 2 money Zloty
PYG 600 0 money Guarani
QAR 634 2 money Qatari Rial
RON 946 2 money Romanian Leu
RSD 941 2 money Serbian Dinar
RUB 643 2 money Russian Ruble
RWF 646 0 money Rwanda Franc
SAR 682 2 money Saudi Riyal
SBD 090 2 money Solomon Islands Dollar
SCR 690 2 money Seychelles Rupee
SDG 938 2 money Sudanese Pound
SEK 752 2 money Swedish Krona
SGD 702 2 money Singapore Dollar
SHP 654 2 money Saint Helena Pound
SLE 925 2 money Leone
SOS 706 2 money Somali Shilling
SRD 968 2 money Surinam Dollar
SSP 728 2 money South Sudanese Pound
STN 930 2 money Dobra
SVC 222 2 money El Salvador Colon
SYP 760 2 money Syrian Pound
SZL 748 2 money Lilangeni
THB 764 2 money Baht
TJS 972 2 money Somoni
TMT 934 2 money Turkmenistan New Manat
TND 788 3 money Tunisian Dinar
TOP 776 2 money Pa’anga
TRY 949 2 money Turkish Lira
TTD 780 2 money Trinidad and Tobago Dollar
TWD 901 2 money New Taiwan Dollar
TZS 834 2 money Tanzanian Shilling
UAH 980 2 money Hryvnia
UGX 800 0 money Uganda Shilling
USD 840 2 money US Dollar
USN 997 2 fund US Dollar (Next day)
UYI 940 0 fund Uruguay Peso en Unidades Indexadas (UI)
UYU 858 2 money Peso Uruguayo
UYW 927 4 fund Unidad Previsional
UZS 860 2 money Uzbekistan Sum
VED 926 2 money Bolívar Digital
VES 928 2 money Bolívar Soberano
VND 704 0 money Dong
VUV 548 0 money Vatu
WST 882 2 money Tala
XAD 396 2 composite Arab Accounting Dinar
XAF 950 0 money CFA Franc BEAC
XAG 961 - metal Silver
XAU 959 - metal Gold
XBA 955 - composite Bond Markets Unit European Composite Unit (EURCO)
XBB 956 - composite Bond Markets Unit European Monetary Unit (E.M.U.-6)
XBC 957 - composite Bond Markets Unit European Unit of Account 9 (E.U.A.-9)
XBD 958 - composite Bond Markets Unit European Unit of Account 17 (E.U.A.-17)
XCD 951 2 money East Caribbean Dollar
XCG 532 2 money Caribbean Guilder
XDR 960 - composite Special Drawing Right
XOF 952 0 money CFA Franc BCEAO
XPD 964 - metal Palladium
XPF 953 0 money CFP Franc
XPT 962 - metal Platinum
XSU 994 - composite Sucre
XTS 963 - none Reserved for testing
XUA 965 - composite ADB Unit of Account
XXX 999 - none No currency
YER 886 2 money Yemeni Rial
ZAR 710 2 money Rand
ZMW 967 2 money Zambian Kwacha
ZWG 924 2 money Zimbabwe Gold
`
