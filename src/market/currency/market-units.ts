/**
 * What markets quote in and ISO 4217 does not know, one a line: code, kind, ISO code that it is a part of (`-`: none), how many
 * make one of those, digits after the decimal point, name. Codes differ by case: GBp is not GBP.
 */
export const MARKET_UNITS = `
GBX minor GBP 100 0 Penny Sterling
GBp minor GBP 100 0 Penny Sterling
ILA minor ILS 100 0 Agora
KWF minor KWD 1000 0 Kuwaiti Fils
USX minor USD 100 0 US Cent
ZAC minor ZAR 100 0 South African Cent
ZAc minor ZAR 100 0 South African Cent
CNH offshore - - 2 Yuan Renminbi, traded outside of mainland China
BTC crypto - - 8 Bitcoin
BNB crypto - - - BNB
DOGE crypto - - 8 Dogecoin
ETH crypto - - 18 Ether
SOL crypto - - 9 SOL
XRP crypto - - 6 XRP
BUSD stablecoin - - - Binance USD
DAI stablecoin - - 18 Dai
EURC stablecoin - - - EURC
FDUSD stablecoin - - - First Digital USD
PYUSD stablecoin - - - PayPal USD
TUSD stablecoin - - - TrueUSD
USDC stablecoin - - - USD Coin
USDT stablecoin - - - Tether
`

/**
 * Publications that quote more than one unit of a currency without saying so beside the figure, one a line: source, currency, units.
 * NBP prints table A like this on its web page and in its archive files; its API quotes one unit of each.
 */
export const QUOTATION_UNITS = `
nbp.table CLP 100
nbp.table HUF 100
nbp.table IDR 10000
nbp.table INR 100
nbp.table ISK 100
nbp.table JPY 100
nbp.table KRW 100
`
