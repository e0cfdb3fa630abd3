// What the programs share: their checks and how they end. The server's port comes from ../on_server.sh.
export const port = Number(process.env.PORT)
let bad = 0
export const check = (name, good, seen) => {
  if (!good) bad++
  console.log(good ? 'ok' : 'not ok', name, good || seen === undefined ? '' : JSON.stringify(seen))
}
export const sleep = ms => new Promise(r => setTimeout(r, ms))
export const until = async (f, ms = 15000) => {
  const end = Date.now() + ms
  while (Date.now() < end) {
    if (await f()) return true
    await sleep(25)
  }
  return false
}
export const finish = () => process.exit(bad ? 1 : 0)
process.on('unhandledRejection', e => { check('no rejection is left alone', false, String(e)); finish() })
