import Commands
import Foundation
import ImageFiles
import Synchronization
import TestSupport
import Testing

@Suite struct CompareAndDemoTests {
    /// Runs a command in this process and returns its code and what it wrote.
    private func run(_ arguments: [String]) async -> (status: Int32, output: String, error: String) {
        let texts = Texts()
        let status = await NCTDCommand.run(
            arguments, console: Console(out: { texts.add($0, to: 0) }, err: { texts.add($0, to: 1) }))
        return (status, texts.text(0), texts.text(1))
    }

    private final class Texts: Sendable {
        private let parts = Mutex<[Int: String]>([:])
        func add(_ text: String, to index: Int) { parts.withLock { $0[index, default: ""] += text } }
        func text(_ index: Int) -> String { parts.withLock { $0[index] ?? "" } }
    }

    @Test("Images of different sizes and formats stand side by side in one PNG")
    func compare() async throws {
        let bench = try Bench()
        let wide = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 1, width: 120, height: 60), as: .bmp), to: "w.bmp")
        let output = bench.space("sheet.png")
        let first = await run(["compare", bench.reference, wide, "--output", output, "--labels", "before,after"])
        #expect(first.status == 0, "\(first.error)")
        #expect(first.output == output + "\n")
        let sheet = try ImageReader.read(path: output).image
        #expect(sheet.width > 2 * 120 && sheet.height > 60)
        let again = await run(["compare", bench.reference, wide, "--output", output])
        #expect(again.status == 2 && again.error.contains("--overwrite"))
        let replaced = await run([
            "compare", bench.reference, wide, "--output", output, "--overwrite", "--columns", "1",
        ])
        #expect(replaced.status == 0)
        let column = try ImageReader.read(path: output).image
        #expect(column.height > sheet.height && column.width < sheet.width)
    }

    @Test("An image that cannot be read ends the comparison with its name, and nothing is done")
    func compareBroken() async throws {
        let bench = try Bench()
        let text = try bench.space.write("no image", to: "text.png")
        for path in [text, bench.space("none.png")] {
            let result = await run(["compare", bench.reference, path, "--output", bench.space("sheet.png")])
            #expect(result.status == 2 && result.error.contains(path), "\(result.error)")
            #expect(bench.space.read("sheet.png") == nil)
        }
    }

    @Test("The demo halves the distance to the truth and leaves captures, references, truth, results and a sheet")
    func demo() throws {
        let bench = try Bench()
        let result = try bench.nctd("demo", "--count", "1", "--layer", "1", "--output", "shown")
        #expect(result.status == 0, "\(result.error)")
        #expect(
            bench.space.files(in: "shown") == [
                "captures/capture-1.png", "contact-sheet.png", "lab-a.toml", "normalized/capture-1.png",
                "normalized/capture-1.png.json", "references/lab-a-1.png", "references/lab-a-2.png",
                "references/lab-a-3.png", "truth/capture-1.png",
            ])
        #expect(result.output.contains("Try next:"))
        let row = try #require(result.output.split(separator: "\n").first { $0.contains("capture-1 ") })
        let figures = row.split(separator: " ").compactMap { Double($0) }
        #expect(figures.count == 2 && figures[1] < figures[0] / 2, "\(row)")
        // Again: what is there is left alone, or replaced where that is asked for.
        try bench.space.write("mine", to: "shown/lab-a.toml")
        let again = try bench.nctd("demo", "--count", "1", "--layer", "1", "--output", "shown")
        #expect(again.status == 2 && again.error.contains("--overwrite"), "\(again.error)")
        #expect(bench.space.read("shown/lab-a.toml") == Data("mine".utf8))
        let replaced = try bench.nctd("demo", "--count", "1", "--layer", "1", "--output", "shown", "--overwrite")
        #expect(replaced.status == 0, "\(replaced.error)")
        // Its suggestion works as it stands.
        let next = try bench.nctd(
            "normalize", "shown/captures", "--profile", "shown/lab-a.toml", "--layer", "1", "--output", "shown/layer-1",
            "--no-cache")
        #expect(next.status == 0, "\(next.error)")
    }

    @Test("A profile that is right is confirmed, one that is wrong gets all its problems")
    func profileCheck() async throws {
        let bench = try Bench()
        let good = try bench.space.write("references = [\"reference.png\"]\n", to: "good.toml")
        let confirmed = await run(["profile", "check", good])
        #expect(confirmed.status == 0 && confirmed.output.contains("good.toml"), "\(confirmed.error)")
        let bad = try bench.space.write("references = [\"none.png\"]\nseed = \"x\"\nsede = 1\n", to: "bad.toml")
        let refused = await run(["profile", "check", bad])
        #expect(refused.status == 2)
        #expect(refused.error.split(separator: "\n").count == 3, "\(refused.error)")
        let text = try bench.space.write("no image", to: "text.png")
        let unreadable = try bench.space.write("references = [\"text.png\"]\n", to: "unreadable.toml")
        let result = await run(["profile", "check", unreadable])
        #expect(result.status == 2 && result.error.contains(text), "\(result.error)")
    }
}
