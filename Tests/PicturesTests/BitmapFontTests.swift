import Pictures
import Testing

@Suite struct BitmapFontTests {
    private let printable = (32...126).map { Character(UnicodeScalar($0)!) }

    @Test("Every printable ASCII character has a drawing")
    func coverage() {
        for character in printable { #expect(BitmapFont.standard.draws(character), "no glyph for \(character)") }
        for character in "×Δ…±λ→" { #expect(BitmapFont.standard.draws(character), "no glyph for \(character)") }
    }

    @Test("No two characters look alike, and only the space is empty")
    func distinctness() {
        var seen: [[Float]: Character] = [:]
        for character in printable {
            let bits = BitmapFont.standard.coverage(of: character, scale: 1).ink
            #expect(bits.count == BitmapFont.glyphWidth * BitmapFont.glyphHeight)
            #expect(bits.contains(1) == (character != " "))
            #expect(seen[bits] == nil, "\(character) looks like \(seen[bits].map(String.init) ?? "")")
            seen[bits] = character
        }
    }

    @Test("A character without a drawing is a box, not a gap", arguments: ["é", "血", "🩸"] as [Character])
    func missing(character: Character) {
        let ink = BitmapFont.standard.coverage(of: character, scale: 1).ink
        #expect(ink == BitmapFont.standard.coverage(of: "\u{FFFD}", scale: 1).ink)
        #expect(ink.contains(1))
    }

    @Test("A scaled glyph has the scaled size and about the same share of ink", arguments: [1, 1.5, 2, 2.5, 3, 4.2])
    func scaling(scale: Double) {
        for character in printable where character != " " {
            let small = BitmapFont.standard.coverage(of: character, scale: 1)
            let large = BitmapFont.standard.coverage(of: character, scale: scale)
            #expect(large.width == Int((Double(BitmapFont.glyphWidth) * scale).rounded(.up)))
            #expect(large.height == Int((Double(BitmapFont.glyphHeight) * scale).rounded(.up)))
            #expect(large.ink.allSatisfy { (0...1).contains($0) })
            let ink = Double(large.ink.reduce(0, +)) / (Double(small.ink.reduce(0, +)) * scale * scale)
            #expect((0.55...1.45).contains(ink), "\(character) at \(scale) has \(ink) of its ink")
        }
    }
}
