// Light or dark: as the system has it, until somebody turns it.

const name = "clickstack-theme"

export function startTheme(): { turn(): void } {
  const root = document.documentElement
  const chosen = localStorage.getItem(name)
  if (chosen !== null) root.dataset["theme"] = chosen
  return {
    turn() {
      const now =
        root.dataset["theme"] ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
      const next = now === "dark" ? "light" : "dark"
      root.dataset["theme"] = next
      localStorage.setItem(name, next)
    },
  }
}
