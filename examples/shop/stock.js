// How many are left. Every seventh product is far away in the cellar.
import { setTimeout } from "node:timers/promises"
import express from "express"
import { listen } from "./listen.js"

const app = express()

app.get("/stock/:id", async (request, response) => {
  const id = Number(request.params.id)
  await setTimeout(id % 7 === 0 ? 250 : 5)
  response.json({ left: id % 10 === 9 ? 0 : 12 })
})

listen(app)
