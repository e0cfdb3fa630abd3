// What was promised, looked at when all is done. Prints a line for each promise, and "N passed, N failed".
import { ITEMS, LETTERS, MAILS, ORDERS, PAID, STOCK, UNPAID, connect, o, order } from './shop.mjs'

const c = connect()
let passed = 0, failed = 0

function promise (what, kept, seen) {
  kept ? passed++ : failed++
  console.log(`${kept ? 'ok' : 'not ok'} ${what}: ${seen}`)
}

const numbers = Array.from({ length: o.orders }, (_, i) => i)
const orders = []
for (let i = 0; i < numbers.length; i += 500) orders.push(...await Promise.all(numbers.slice(i, i + 500).map(n => c.hgetall(order(n)))))
const [paid, mails, stock] = await Promise.all([PAID, MAILS, STOCK].map(key => c.hgetall(key)))
const later = numbers.filter(n => n % 50 === 7), byCard = numbers.filter(n => n % 50 !== 7)

promise('no order is lost', orders.every(x => x.state), `${orders.filter(x => x.state).length} of ${o.orders}`)
const twice = Object.values(paid).filter(n => n !== '1').length
promise('each order is paid once', twice === 0 && byCard.every(n => paid[n] && orders[n].state === 'paid'), `${Object.keys(paid).length} of ${byCard.length}, ${twice} more than once`)
promise('what nobody paid is cancelled', later.every(n => orders[n].state === 'cancelled' && !paid[n]), `${later.filter(n => orders[n].state === 'cancelled').length} of ${later.length}`)
const kept = item => orders.filter(x => x.item === item && x.stock === 'kept').length
promise('stock is never negative, and nothing of it is lost', ITEMS.every((x, i) => Number(stock[x]) >= 0 && Number(stock[x]) + kept(x) === (i === 0 ? 5 : o.orders)),
  `${ITEMS.reduce((sum, x) => sum + kept(x), 0)} kept, ${orders.filter(x => x.stock === 'none left').length} that there was nothing for`)
promise('each order has a mail', numbers.every(n => mails[n]), `${Object.values(mails).filter(n => n !== '1').length} have two`)
const left = await Promise.all([[ORDERS, 'payment'], [ORDERS, 'stock'], [ORDERS, 'mail'], [UNPAID, 'cancel']].map(async ([s, g]) => (await c.xpending(s, g))[0]))
promise('nothing is left over', left.every(n => n === 0) && await c.xlen(LETTERS) === 0, `pending ${left.join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
