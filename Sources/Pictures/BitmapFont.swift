/// A small monospaced bitmap font: printable ASCII and the signs × Δ … ± λ →, five by nine pixels in a cell of six by
/// eleven, at any size.
///
/// Any other character is drawn as an empty box, so that a file name in any script keeps its length.
public struct BitmapFont: Sendable {
    /// Width and height of one character's cell at scale 1, gaps included.
    public static let cellWidth = 6
    public static let cellHeight = 11
    package static let glyphWidth = 5
    package static let glyphHeight = 9

    /// The set pixels of each glyph, `glyphHeight × glyphWidth`.
    private let glyphs: [Character: [Bool]]
    private let missing: [Bool]

    /// The font, parsed from its drawing once.
    public static let standard = BitmapFont(blocks: BitmapFontArt.blocks)

    private init(blocks: [(characters: String, art: String)]) {
        var glyphs: [Character: [Bool]] = [:]
        for block in blocks {
            let rows = block.art.split(separator: "\n").map { Array($0) }
            precondition(rows.count == Self.glyphHeight, "a block of the font has nine rows")
            for (index, character) in block.characters.enumerated() {
                let columns = index * (Self.glyphWidth + 1)..<index * (Self.glyphWidth + 1) + Self.glyphWidth
                glyphs[character] = rows.flatMap { row in row[columns].map { $0 == "#" } }
            }
        }
        self.glyphs = glyphs
        self.missing = glyphs["\u{FFFD}"] ?? [Bool](repeating: true, count: Self.glyphWidth * Self.glyphHeight)
    }

    /// True if the character has a drawing of its own.
    public func draws(_ character: Character) -> Bool { glyphs[character] != nil }

    /// How much ink each pixel of a character takes, 0…1, row-major.
    ///
    /// At scale 1 the drawing itself. Else the drawing is enlarged eight times with rounded corners and averaged down,
    /// so that text of any size has smooth edges.
    package func coverage(of character: Character, scale: Double) -> (width: Int, height: Int, ink: [Float]) {
        let bits = glyphs[character] ?? missing
        guard scale != 1 else { return (Self.glyphWidth, Self.glyphHeight, bits.map { $0 ? 1 : 0 }) }
        var large = bits
        for step in 0..<3 { large = Self.doubled(large, width: Self.glyphWidth << step) }
        let side = Self.glyphWidth * 8
        let width = Int((Double(Self.glyphWidth) * scale).rounded(.up))
        let height = Int((Double(Self.glyphHeight) * scale).rounded(.up))
        let step = 8 / scale
        var ink = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            let rows = Self.span(y, step: step, limit: Self.glyphHeight * 8)
            for x in 0..<width {
                let columns = Self.span(x, step: step, limit: side)
                var sum = 0
                for row in rows { for column in columns where large[row * side + column] { sum += 1 } }
                ink[y * width + x] = Float(sum) / Float(max(1, rows.count * columns.count))
            }
        }
        return (width, height, ink)
    }

    /// The enlarged pixels under a pixel of the result.
    private static func span(_ index: Int, step: Double, limit: Int) -> Range<Int> {
        let begin = min(limit, Int((Double(index) * step).rounded()))
        return begin..<max(begin, min(limit, Int((Double(index + 1) * step).rounded())))
    }

    /// Scale2x: each pixel becomes four; a corner takes its neighbors' value where the two that touch it agree and the
    /// opposite ones do not.
    private static func doubled(_ bits: [Bool], width: Int) -> [Bool] {
        let height = bits.count / width
        func at(_ x: Int, _ y: Int) -> Bool {
            (0..<width).contains(x) && (0..<height).contains(y) && bits[y * width + x]
        }
        var result = [Bool](repeating: false, count: bits.count * 4)
        for y in 0..<height {
            for x in 0..<width {
                let center = at(x, y)
                let up = at(x, y - 1)
                let down = at(x, y + 1)
                let left = at(x - 1, y)
                let right = at(x + 1, y)
                let straight = up == down || left == right
                let base = 2 * y * 2 * width + 2 * x
                result[base] = !straight && left == up ? left : center
                result[base + 1] = !straight && up == right ? right : center
                result[base + 2 * width] = !straight && left == down ? left : center
                result[base + 2 * width + 1] = !straight && down == right ? right : center
            }
        }
        return result
    }
}
