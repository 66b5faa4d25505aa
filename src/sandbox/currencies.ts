import type { Quoted } from './market.js'

/** A currency of NBP's tables. `mid` is the level in PLN round which it swings; `units`: so many does NBP's printed table quote. */
export interface ListedCurrency {
  readonly code: string
  readonly polish: string
  readonly english: string
  readonly mid: number
  readonly units: number
  readonly table: 'A' | 'B'
  /** The last day on which it was quoted. */
  readonly until?: string
  /** Quoted by the ECB too. */
  readonly ecb: boolean
  /** In NBP's table C too. */
  readonly bidAsk: boolean
}

/** Code, units, level, names; `e`: at the ECB, `c`: in table C, `B`: in table B; a last day. In the order of NBP's tables. */
const ROWS = `
THB 1 0.1146 e|bat (Tajlandia)|Thai baht
USD 1 3.75 ec|dolar amerykański|US dollar
AUD 1 2.5522 ec|dolar australijski|Australian dollar
HKD 1 0.4609 e|dolar Hongkongu|Hong Kong dollar
CAD 1 2.641 ec|dolar kanadyjski|Canadian dollar
NZD 1 2.1465 e|dolar nowozelandzki|New Zealand dollar
SGD 1 2.8361 e|dolar singapurski|Singapore dollar
EUR 1 4.26 c|euro|Euro
HUF 100 0.011155 ec|forint (Węgry)|Hungarian forint
CHF 1 4.6696 ec|frank szwajcarski|Swiss franc
GBP 1 4.8215 ec|funt szterling|UK pound sterling
UAH 1 0.0833 -|hrywna (Ukraina)|Ukraine hryvnia
JPY 100 0.022963 ec|jen (Japonia)|Japanese yen
CZK 1 0.1744 ec|korona czeska|Czech koruna
DKK 1 0.5662 ec|korona duńska|Danish krone
ISK 100 0.0294 e|korona islandzka|Iceland krona
HRK 1 0.5654 e|kuna (Chorwacja)|Croatian kuna|2022-12-30
BGN 1 2.1781 e|lew (Bułgaria)|Bulgarian lev|2025-12-31
NOK 1 0.3785 ec|korona norweska|Norwegian krone
SEK 1 0.3952 ec|korona szwedzka|Swedish krona
RON 1 0.83 e|lej rumuński|Romanian leu
TRY 1 0.0819 e|lira turecka|Turkish lira
ILS 1 1.1713 e|nowy izraelski szekel|Israeli shekel
CLP 100 0.004127 -|peso chilijskie|Chilean peso
PHP 1 0.0619 e|peso filipińskie|Philippine peso
MXN 1 0.2084 e|peso meksykańskie|Mexican peso
ZAR 1 0.224 e|rand (Republika Południowej Afryki)|South African rand
BRL 1 0.7028 e|real (Brazylia)|Brazilian real
MYR 1 0.9181 e|ringgit (Malezja)|Malaysian ringgit
RUB 1 0.0534 e|rubel rosyjski|Russian rouble|2022-03-08
IDR 10000 0.00021385 e|rupia indonezyjska|Indonesian rupiah
INR 100 0.039415 e|rupia indyjska|Indian rupee
KRW 100 0.002475 e|won południowokoreański|Korean won (Republic)
CNY 1 0.5238 e|yuan renminbi (Chiny)|Chinese yuan renminbi
XDR 1 4.9266 c|SDR (MFW)|Special drawing right
AFN 1 0.058988 B|afgani (Afganistan)|Afghani
MGA 1 0.000875 B|ariary (Madagaskar)|Malagasy ariary
PAB 1 3.8449 B|balboa (Panama)|Balboa
ETB 1 0.0262 B|birr etiopski|Ethiopian birr
BOB 1 0.5562 B|boliwiano (Boliwia)|Boliviano
CRC 1 0.007623 B|colon kostarykański|Costa Rican colon
GMD 1 0.0526 B|dalasi (Gambia)|Dalasi
MKD 1 0.0692 B|denar (Macedonia Północna)|Denar
DZD 1 0.0296 B|dinar algierski|Algerian dinar
KWD 1 12.5817 B|dinar kuwejcki|Kuwaiti dinar
RSD 1 0.0363 B|dinar serbski|Serbian dinar
MAD 1 0.4242 B|dirham marokański|Moroccan dirham
VND 1 0.000146 B|dong (Wietnam)|Dong
AMD 1 0.010053 B|dram (Armenia)|Armenian dram
GEL 1 1.4152 B|lari (Gruzja)|Lari
PEN 1 1.0972 B|sol (Peru)|Sol
KZT 1 0.0071 B|tenge (Kazachstan)|Tenge
`

/** All, in the order in which NBP lists them. */
export const CURRENCIES: readonly ListedCurrency[] = ROWS.trim().split('\n').map(readRow)

const BY_CODE: ReadonlyMap<string, ListedCurrency> = new Map(CURRENCIES.map(currency => [currency.code, currency]))

export function currencyOf(code: string): ListedCurrency | undefined {
  return BY_CODE.get(code.toUpperCase())
}

/** The price of one unit in PLN. All who quote it quote the same path. */
export function inZloty({ code, mid }: Pick<ListedCurrency, 'code' | 'mid'>): Quoted {
  return { key: `fx:${code}`, base: mid, volatility: 0.005, factor: 'zloty' }
}

function readRow(row: string): ListedCurrency {
  const [head = '', polish = '', english = '', until] = row.split('|')
  const [code = '', units, mid, marks = ''] = head.split(' ')
  return {
    code,
    polish,
    english,
    mid: Number(mid),
    units: Number(units),
    table: marks.includes('B') ? 'B' : 'A',
    ecb: marks.includes('e'),
    bidAsk: marks.includes('c'),
    ...(until === undefined ? {} : { until }),
  }
}
