// Just enough of Java and JavaScript to give their sources a little colour.

const KEYWORDS = [
  'abstract async await boolean break byte case catch char class const continue default do double else enum export',
  'extends false final finally float for from function if implements import in instanceof int interface let long new',
  'null of package private protected public record return sealed short static super switch this throw throws true try',
  'undefined var void while yield',
].join(' ').replaceAll(' ', '|')

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\*[^]*?\*\/|\/\/.*)`,
    String.raw`(?<string>"""[^]*?"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\`(?:\\.|[^\`\\])*\`)`,
    String.raw`(?<annotation>@\w+)`,
    `(?<keyword>\\b(?:${KEYWORDS})\\b)`,
    String.raw`(?<number>\b\d[\d_.]*[lLdf]?\b)`,
    String.raw`(?<type>\b[A-Z]\w*)`,
  ].join('|'),
  'g',
)

/** Cuts a source text into pieces { kind, text } that give the text again when joined. */
export function tokens(source) {
  const pieces = []
  let end = 0
  const plain = (to) => to > end && pieces.push({ kind: null, text: source.slice(end, to) })
  for (const match of source.matchAll(TOKEN)) {
    plain(match.index)
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined)
    pieces.push({ kind, text: match[0] })
    end = match.index + match[0].length
  }
  plain(source.length)
  return pieces
}
