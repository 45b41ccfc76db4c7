// One request to the shop, for a process of its own.
import { startShop } from "./shop.js"

const shop = await startShop()
await fetch(`${shop.url}/orders/7`)
shop.close()
