// What customers see. It knows nothing of telemetry: see index.js for how it is started.
import express from "express"
import { listen } from "./listen.js"

const { STOCK_URL, PAYMENTS_URL } = process.env
const app = express()

app.get("/", (_request, response) => response.send("Plants for every window"))

app.get("/products/:id", async (request, response) => {
  const stock = await fetch(`${STOCK_URL}/stock/${request.params.id}`)
  response.json({ id: request.params.id, ...(await stock.json()) })
})

app.post("/checkout/:id", async (request, response) => {
  const { id } = request.params
  const stock = await fetch(`${STOCK_URL}/stock/${id}`)
  const { left } = await stock.json()
  if (left === 0) return response.status(409).send("sold out")
  const payment = await fetch(`${PAYMENTS_URL}/charge`, { method: "POST", headers: { "x-product": id } })
  if (!payment.ok) throw new Error(`payments answered ${payment.status}`)
  return response.send("thank you")
})

listen(app)
