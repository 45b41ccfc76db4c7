// The viewer's files: a page, its style and its scripts, as they were built. They hold no data, so they need no token;
// what they show they ask the API for. Nothing else on the disk has a path here.
import { readFileSync, readdirSync } from "node:fs"

export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
}

// Only scripts and styles of ours, nothing inline, nothing from elsewhere, and no text that becomes markup.
export const pagePolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ")

/** Path in the URL to file; read once, when somebody first asks. */
export function createPage(): (path: string) => PageFile | undefined {
  let files: Map<string, PageFile> | undefined
  return (path) => (files ??= readFiles()).get(path === "/" ? "/ui/page.html" : path)
}

// The same place from `src` and from `dist`: what is compiled is in `dist`, the rest in `src`.
const root = new URL("../../", import.meta.url)

function readFiles(): Map<string, PageFile> {
  const files = new Map<string, PageFile>()
  for (const [from, folder, ending] of [
    ["src", "ui", /\.(html|css|svg)$/],
    ["dist", "ui", /\.js$/],
    ["dist", "show", /\.js$/],
  ] as const) {
    const directory = new URL(`${from}/${folder}/`, root)
    for (const name of readdirSync(directory)) {
      if (!ending.test(name) || name.includes(".test.")) continue
      const type = types[name.slice(name.lastIndexOf(".") + 1)] ?? ""
      files.set(`/${folder}/${name}`, { type, content: readFileSync(new URL(name, directory)) })
    }
  }
  return files
}
