import Config
import Testing

@Suite struct KeyLocatorTests {
    private let text = """
        # name = "not here"
        name = "a # no comment"   # references = 1
        "quoted key" = 1
        a.b.c = 2
        list = [
            "one", # thresholds = [
            'two',
            [3,
             4],
        ]
        long = \"""
        hidden = 1
        [hidden_table]
        \"""
        literal = '''
        also_hidden = 1'''
        inline = { x = 1, y = { z = "}" } }

        [thresholds]
        minimum_confidence = 0.5
        [ deep . er ]
        x = 1
        [[watch]]
        path = "a"
        [[watch]]
        path = "b"
        [watch.rules]
        mode = "auto"
        """

    @Test(
        "Every key is found on its line",
        arguments: [
            (["name"], 2), (["quoted key"], 3), (["a"], 4), (["a", "b", "c"], 4), (["list"], 5), (["list", "0"], 6),
            (["list", "1"], 7), (["list", "2"], 8), (["list", "2", "0"], 8), (["list", "2", "1"], 9), (["long"], 11),
            (["literal"], 15), (["inline"], 17), (["inline", "x"], 17), (["inline", "y", "z"], 17),
            (["thresholds"], 19), (["thresholds", "minimum_confidence"], 20), (["deep", "er", "x"], 22),
            (["watch"], 23), (["watch", "0", "path"], 24), (["watch", "1"], 25), (["watch", "1", "path"], 26),
            (["watch", "1", "rules", "mode"], 28),
        ])
    func lines(path: [String], line: Int) {
        #expect(KeyLocator(text).line(of: path) == line)
    }

    @Test(
        "What stands in comments and strings is no key",
        arguments: [["references"], ["hidden"], ["hidden_table"], ["also_hidden"], ["list", "3"]])
    func hidden(path: [String]) {
        #expect(KeyLocator(text).line(of: path) == nil)
    }

    @Test("A key that is not there leads to the nearest table around it")
    func nearest() {
        #expect(KeyLocator(text).nearestLine(of: ["thresholds", "missing"]) == 19)
        #expect(KeyLocator(text).nearestLine(of: ["missing"]) == nil)
    }

    @Test("A first key in a table does not lend its line to the key of the same name at the top")
    func sameName() {
        let locator = KeyLocator("[a]\nseed = 1\n[b]\nseed = 2\n")
        #expect(locator.line(of: ["seed"]) == nil)
        #expect(locator.line(of: ["b", "seed"]) == 4)
    }

    @Test(
        "Broken documents end the scan, they never hang it", arguments: ["[", "a = [", "=", "a = \"", "]", "{", "a.b"])
    func broken(text: String) {
        _ = KeyLocator(text)
        for length in 0...self.text.utf8.count {
            _ = KeyLocator(String(decoding: self.text.utf8.prefix(length), as: UTF8.self))
        }
    }

    @Test("Windows line ends count once")
    func windowsLineEnds() {
        #expect(KeyLocator("a = 1\r\nb = 2\r\n").line(of: ["b"]) == 2)
    }
}
