// How many columns of a terminal a text takes: letters of East Asia and emoji take two, marks that join a letter none.

const wide =
  /\p{Emoji_Presentation}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u
const joining = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u
const isPlain = /^[\u0020-\u02ff]*$/

const widthOf = (letter: string): number => (joining.test(letter) ? 0 : wide.test(letter) ? 2 : 1)

export function textWidth(text: string): number {
  if (isPlain.test(text)) return text.length
  let width = 0
  for (const letter of text) width += widthOf(letter)
  return width
}

/** At most so wide; what is cut off leaves a mark. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let cut = ""
  let left = width - 1
  for (const letter of text) {
    left -= widthOf(letter)
    if (left < 0) break
    cut += letter
  }
  return `${cut}…`
}

export const padToWidth = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - textWidth(text)))
