// Listens on a free port of this machine, tells it to who started this process, and ends with it.

/** @param {import("express").Express} app */
export function listen(app) {
  // Express would print every error, and the terminal is index.js's.
  app.set("env", "test")
  const server = app.listen(0, "127.0.0.1", () => {
    const { port } = server.address()
    process.send?.({ url: `http://127.0.0.1:${port}` })
  })
  process.on("disconnect", () => {
    server.close()
    server.closeAllConnections()
  })
}
