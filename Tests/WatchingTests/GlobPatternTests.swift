import Config
import Testing
import Watching

@Suite struct GlobPatternTests {
    @Test(
        "Patterns match what they say, whatever the case",
        arguments: [
            ("*.tif", "a/b/IMG.TIF", true), ("*.tif", "a.tiff", false), ("*.tif", ".tif", true),
            ("smear?.png", "smear1.png", true), ("smear?.png", "smear12.png", false),
            ("smear?.png", "smearä.png", true), ("größe*.bmp", "GRÖßE 1.bmp", true),
            ("a/*.png", "a/x.png", true), ("a/*.png", "a/b/x.png", false), ("a/*.png", "b/a/x.png", false),
            ("/x.png", "x.png", true), ("/x.png", "a/x.png", false),
            ("**/x.png", "x.png", true), ("**/x.png", "a/b/x.png", true), ("**/x.png", "a/bx.png", false),
            ("a/**/x.png", "a/x.png", true), ("a/**/x.png", "a/b/c/x.png", true), ("a/**/x.png", "ab/x.png", false),
            ("overview/**", "overview/x/y.png", true), ("overview/**", "overview", false),
            ("overview/**", "a/overview/x.png", false), ("a**b", "axyb", true), ("a**/b", "ax/b", true),
            ("[a-c]?.png", "B1.png", true), ("[!a-c]1.png", "b1.png", false), ("[!a-c]1.png", "d1.png", true),
            ("[]]x", "]x", true), ("[a-]x", "-x", true), ("\\*.png", "*.png", true), ("\\*.png", "a.png", false),
            ("*", "anything", true), ("*/*", "a/b", true), ("*/*", "a", false), ("a?c", "a/c", false),
        ])
    func matching(_ pattern: String, _ name: String, _ expected: Bool) throws {
        #expect(try GlobPattern(pattern).matches(path(name)) == expected, "\(pattern) against \(name)")
    }

    @Test("A byte that is no UTF-8 is one character")
    func bytes() throws {
        let name = try #require(CapturePath(bytes: [0x61, 0xFF, 0x62] + Array(".png".utf8)))
        #expect(try GlobPattern("a?b.png").matches(name))
        #expect(try GlobPattern("*.PNG").matches(name))
        #expect(try !GlobPattern("a??b.png").matches(name))
    }

    @Test("Texts such as a camera's name are matched whole")
    func texts() throws {
        #expect(try GlobPattern("leica*").matches(text: "Leica Microsystems"))
        #expect(try !GlobPattern("leica").matches(text: "Leica Microsystems"))
        // An objective's slash separates nothing.
        for pattern in ["*100x*", "*100x/1.4? *", "hc*oil", "*100x[!0-9]1.40*"] {
            #expect(try GlobPattern(pattern).matches(text: "HC PL APO 100x/1.40 OIL"), "\(pattern)")
        }
        #expect(try !GlobPattern("*10x*").matches(text: "HC PL APO 100x/1.40 OIL"))
    }

    @Test("A pattern that cannot be read says what is wrong", arguments: ["", "/", "[a", "a\\", "[z-a]", "[a\\"])
    func errors(_ pattern: String) {
        let error = #expect(throws: GlobError.self) { try GlobPattern(pattern) }
        #expect(error?.message.isEmpty == false && error?.remedy.isEmpty == false)
    }

    @Test("A pattern made to be slow is not")
    func cost() throws {
        let pattern = try GlobPattern(String(repeating: "*a", count: 100) + "b")
        #expect(!pattern.matches(path(String(repeating: "a", count: 4000))))
    }
}
