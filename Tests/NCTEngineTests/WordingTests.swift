import Foundation
import NCTEngine
import TestSupport
import Testing

@Suite struct WordingTests {
    @Test(
        "A count has its noun in the right number", arguments: [(0, "0 captures"), (1, "1 capture"), (2, "2 captures")])
    func counted(count: Int, text: String) { #expect(count.counted("capture") == text) }

    @Test("A plural that is not the noun with an s is given")
    func plural() {
        #expect(1.counted("copy", "copies") == "1 copy" && 3.counted("copy", "copies") == "3 copies")
        #expect(1.counted("capture is", "captures are") == "1 capture is")
    }

    @Test(
        "Ordinals end as they are spoken",
        arguments: [
            (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (10, "10th"), (11, "11th"), (12, "12th"), (13, "13th"),
            (20, "20th"), (21, "21st"), (22, "22nd"), (101, "101st"), (111, "111th"), (112, "112th"), (0, "0th"),
        ])
    func ordinal(number: Int, text: String) { #expect(number.ordinal == text) }

    @Test("No message counts things by hand: one thing would have a plural")
    func handMade() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let nouns = "captures?|images?|files?|results?|attempts?|problems?|copies|roots?|directories|labels|links"
        let byHand = try Regex(
            #"\\\((\w+\.)*(\w*[cC]ount|captures|images|files|attempts|sound|done)\) (symbolic )?(\#(nouns))\b"#)
        let ordinal = try Regex(#"\\\([^()]*\)(th|st|nd|rd)\b"#)
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            for (number, line) in try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false
            ).enumerated() where !line.contains("///") {
                if try byHand.firstMatch(in: line) != nil || ordinal.firstMatch(in: line) != nil {
                    // Where one is no matter: what is wrong is that there are none.
                    let isNeverOne = ["captures >= 1", "only \\(candidates.count) of"].contains { line.contains($0) }
                    #expect(isNeverOne, "\(file.lastPathComponent):\(number + 1): \(line)")
                }
            }
        }
    }
}
