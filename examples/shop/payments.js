// Takes the money, mostly.
import { setTimeout } from "node:timers/promises"
import express from "express"
import { listen } from "./listen.js"

const app = express()

async function charge(product) {
  await setTimeout(20)
  if (product % 5 === 3) throw new Error(`card declined for product ${product}`)
}

app.post("/charge", async (request, response) => {
  await charge(Number(request.headers["x-product"]))
  response.send("paid")
})

listen(app)
