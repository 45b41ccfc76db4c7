// The shop's customers: they look around, and some of them buy. The same each time: what is bought says what happens.

/**
 * @param {string} url
 * @param {number} number which visit it is
 * @returns {Promise<number>} how many requests it made
 */
export async function visit(url, number) {
  const product = number % 23
  const paths = ["/", `/products/${product}`]
  for (const path of paths) await ask(`${url}${path}`, "GET")
  if (number % 2 === 0) return paths.length
  await ask(`${url}/checkout/${product}`, "POST")
  return paths.length + 1
}

/** @param {string} url @param {string} method */
async function ask(url, method) {
  const response = await fetch(url, { method })
  await response.arrayBuffer()
}
