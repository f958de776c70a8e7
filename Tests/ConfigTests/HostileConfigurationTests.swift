import Config
import Foundation
import NCTEngine
import Testing

/// Texts that are no TOML, or are more than anyone means: an error with its line, never the end of the process.
@Suite struct HostileConfigurationTests {
    /// The problems of a text; empty for one that is read.
    private func problems(_ text: String) -> [ConfigurationProblem] {
        do {
            _ = try ProblemLog.parse(text, file: "f.toml")
            return []
        } catch let error as ConfigurationError {
            return error.problems
        } catch {
            Issue.record("\(error)")
            return []
        }
    }

    @Test(
        "A key, a value or a bracket that is missing is told of on its line",
        arguments: [
            "[[[watch]]\n", "[.a]\n", "[=]\n", "[]\n", "[a.]\n", "[[a]\n", "= 1\n", ". = 1\n", "a. = 1\n", "a = ]\n",
            "a = ,\n", "a = }\n", "a = # nothing\n", "a =\n", "a = [1, 2\n", "a = [,]\n", "a = {b = 1\n", "a = {,}\n",
            "a = {b = 1,}\n", "a = \"x\n", "a = '''x", "a = \"\"\"x", "a = 1 b = 2\n", "[a] b\n", "a\n",
            "\"a\" \"b\" = 1\n",
            "a = 2026-13-45T99:99:99Z\n", "a = \"\\ud800\"\n", "a = 1\na = 2\n", "a.b = 1\na = 2\n", "é = 1\n",
            "a = 1979-05-27 07:32:00\n", "a = 1979-05-27T07:32:00.5+01:00\n", "a = 07:32:00\n",
            "a = 1979-05-27\n", "a = 2026-01-01tttt\n", "a = [1, 2026-01-01T\n]\n", "a = {b = 12:}\n",
            "a = yes\n", "a = 1_\n", "a = 1__0\n", "a = 012\n", "a = 1.\n", "a = .5\n", "a = 1e\n",
            "a = 1.e2\n", "a = 0b12\n", "a = +0x1\n", "a = infinity\n", "a = --1\n", "a = +true\n",
            "a = 1979-05\n", "a = 00:\n",
            "a = 1\u{00A0}\n", "\u{2028}a = 1\n", "a = 0x\n", "a = 99999999999999999999\n", "\"\"\"a\"\"\" = 1\n",
        ])
    func refused(text: String) {
        let found = problems("# first\n" + text)
        #expect(found.count == 1)
        #expect(found.first.map { ($0.line ?? 0) >= 2 } == true, "\(found)")
    }

    @Test("Brackets, keys and tables that lie thousands deep in each other are refused")
    func deep() {
        let texts = [
            "a = " + String(repeating: "[", count: 500_000),
            "a = " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "\n",
            "a = " + String(repeating: "{a=", count: 100_000),
            String(repeating: "a.", count: 400_000) + "a = 1\n",
            "[" + String(repeating: "a.", count: 400_000) + "a]\n",
            "[[" + String(repeating: "a.", count: 5000) + "a]]\n",
        ]
        for text in texts {
            let found = problems(text)
            #expect(found.count == 1 && found.first?.line == 1, "\(text.prefix(20))…")
        }
    }

    @Test(
        "What TOML allows is read",
        arguments: [
            "a = 0\nb = -0\nc = 0.5\nd = 1e06\ne = -3.25E-2\nf = 0o17\ng = 0b1010_1010\nh = 0xDEAD_beef\ni = +inf\n",
            "a = +1_000\nb = -inf\nc = 0xFF\nd = 6.6e-34\ne = nan\n", "\u{FEFF}a = 1\n", "a = 1\r\n[b]\r\nc = 2\r\n",
            "\"a b\".'c d'.e = \"\\u00E9\"\n", "a = [\n 1, # one\n 2,\n]\n", "a = [[1, 2], [\"x\"]]\n",
            "a = { b = { c = 1 }, d = [ { e = 2 } ] }\n", "a = \"\"\"x\"\"\"\"\"\n", "a = '''\nx'y'''\n",
            "a = ''\nb = {}\nc = []\n",
            "[[a]]\n[[a.b]]\n[a.b.c]\n[[a]]\n", "",
        ])
    func allowed(text: String) { #expect(problems(text) == []) }

    @Test("No value without quotes, however it is made up, ends the process")
    func scalars() {
        var generator = SeededGenerator(seed: 20_261_130)
        let pieces = "2026 - 01 : T t z Z . _ + e 0x 0b 0 9 inf nan true".split(separator: " ").map(String.init)
        var read = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...6, using: &generator)
            let value = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let found = problems("a = \(value)\n")
            if found.isEmpty { read += 1 }
            #expect(found.count <= 1 && found.allSatisfy { $0.line == 1 }, "\(value): \(found)")
        }
        #expect(read > 100, "\(read) read")
    }

    @Test("10,000 changed configurations: read, or refused with a line; no text ends the process")
    func mutated() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let documented = try String(
            contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
        let seeds =
            try [
                "etc/nctd/nctd.toml", "etc/nctd/profiles.d/example.toml.sample",
            ].map { try String(contentsOf: root.appendingPathComponent($0), encoding: .utf8) } + [documented]
        let pieces: [[UInt8]] =
            [
                "[[", "]]", "[[[", "[.", "[=", "\"\"\"", "'''", "= {", "= [", "1979-05-27T07:32:00Z", "0x", "inf",
                "\\u", "..",
                ",,", "={", "}=", "\"\"", "[]", "{}", "\r", "\u{FEFF}", "\n", "=", ".", "#", "'", "\"", "\t", " ",
                "\u{7F}",
            ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0]]
        var generator = SeededGenerator(seed: 20_261_128)
        var (read, refused) = (0, 0)
        for _ in 0..<10_000 {
            var bytes = Array(seeds[Int.random(in: 0..<seeds.count, using: &generator)].utf8)
            if Bool.random(using: &generator) {
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                bytes = Array(bytes[start...].prefix(Int.random(in: 1...400, using: &generator)))
            }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...5, using: &generator)))
                case 1: bytes = Array(bytes.prefix(at))
                default: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: at)
                }
            }
            let found = problems(String(decoding: bytes, as: UTF8.self))
            if found.isEmpty { read += 1 } else { refused += 1 }
            let isTold = found.count <= 1 && found.allSatisfy { ($0.line ?? 0) >= 1 && $0.file == "f.toml" }
            #expect(isTold, "\(found)")
        }
        #expect(read > 500 && refused > 500, "\(read) read, \(refused) refused")
    }

    @Test("A configuration of a terabyte, a pipe and a directory are refused before they are read")
    func noText() throws {
        let folder = try ConfigurationFolder()
        let path = folder.path + "/huge.toml"
        FileManager.default.createFile(atPath: path, contents: Data("a = 1\n".utf8))
        #expect(truncate(path, 1 << 40) == 0)
        #expect(mkfifo(folder.path + "/pipe.toml", 0o600) == 0)
        for (name, words) in [("huge", "over 1 MiB"), ("pipe", "cannot be read")] {
            let error = try #require(throws: ConfigurationError.self) {
                _ = try DaemonConfiguration.read(path: "\(folder.path)/\(name).toml")
            }
            #expect(error.description.contains(words), "\(error)")
        }
    }
}
