import NCTEngine
import Testing
import Watching

@Suite struct CapturePathTests {
    @Test("A path is relative, without empty, dot or parent components")
    func components() {
        for bad in ["", "/a", "a/", "a//b", "./a", "a/..", "..", "a/./b"] { #expect(CapturePath(bad) == nil, "\(bad)") }
        #expect(CapturePath(bytes: [0x61, 0]) == nil)
        #expect(CapturePath("a/b.png")?.name.elementsEqual("b.png".utf8) == true)
        #expect(CapturePath("a/b.png")?.parent == CapturePath("a"))
        #expect(CapturePath("b.png")?.parent == nil)
    }

    @Test("Any name prints on one line, and what was escaped shows")
    func printing() throws {
        let path = try #require(CapturePath(bytes: [0x61, 0x0A, 0xFF, 0x5C, 0xC3, 0xA4]))
        #expect(path.description == "a\\x0A\\xFF\\x5Cä")
        #expect(!path.isPlain)
        #expect(try #require(CapturePath("Größe/1 µm.tif")).isPlain)
    }

    @Test("What was printed can be turned into the name again, whatever its bytes")
    func reading() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let bytes = (0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(CapturePath.bytes(printable: CapturePath.printable(bytes)) == bytes, "\(bytes)")
        }
        #expect(CapturePath.bytes(printable: #"a\x5Cx41"#).elementsEqual(#"a\x41"#.utf8))
    }
}
