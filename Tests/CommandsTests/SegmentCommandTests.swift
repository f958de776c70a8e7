import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite struct SegmentCommandTests {
    private struct Report: Decodable {
        struct Cells: Decodable, Equatable { var whiteCells, redCells, platelets: Int }
        struct Shares: Decodable { var background, redCell, cytoplasm, nucleus, platelet: Double }
        struct Cell: Decodable {
            var box: [Int]
            var kind: WhiteCellKind
            var probabilities: [String: Double]
            var nucleusArea, area: Double
        }
        struct Entry: Decodable {
            var input, classes: String
            var overlay, labels: String?
            var whiteCells: [Cell]
            var width, height: Int
            var cells: Cells
            var shares: Shares
            var smearProbability: Double
        }
        struct Failure: Decodable { var input, cause, remedy: String }
        struct Summary: Decodable {
            var images, failed: Int
            var cells: Cells
            var kinds: [String: Int]
        }
        var corrected: Bool
        var network: String
        var results: [Entry]
        var failures: [Failure]
        var summary: Summary
    }

    private func report(_ result: Subprocess.Result) throws -> Report {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: Data(result.output.utf8))
    }

    /// The labels of a file that must be gray with 8 bits.
    private func labels(_ path: String) throws -> LabelMap<SmearClass> {
        let file = try ImageReader.read(path: path)
        #expect(file.metadata.format == .png && file.metadata.channels == 1 && file.metadata.bitDepth == 8)
        return LabelMap(
            width: file.image.width, height: file.image.height,
            bytes: stride(from: 0, to: file.image.samples.count, by: 3).map {
                UInt8((file.image.samples[$0] * 255).rounded())
            })
    }

    @Test(
        "On a scene with a true mask every class overlaps it, at the image's own size, also where the network reduces")
    func phantom() throws {
        let bench = try Bench()
        let drawn = try bench.nctd(
            "phantom", "--output", "p", "--count", "3", "--seed", "910001", "--width", "1001", "--height", "751")
        #expect(drawn.status == 0, "\(drawn.error)")
        let result = try bench.nctd("segment", "p/images", "--output", "out")
        #expect(result.status == 0, "\(result.error)")
        var (both, either) = ([Int](repeating: 0, count: 5), [Int](repeating: 0, count: 5))
        for index in 1...3 {
            let found = try labels(bench.space("out/scene-00000\(index)-classes.png"))
            let known = try labels(bench.space("p/masks/scene-00000\(index).png"))
            try #require(found.width == 1001 && found.height == 751)
            for (seen, truth) in zip(found.bytes, known.bytes) {
                either[Int(truth)] += 1
                if seen == truth { both[Int(truth)] += 1 } else { either[Int(seen)] += 1 }
            }
        }
        for (kind, least) in zip(SmearClass.allCases, [0.98, 0.98, 0.87, 0.82, 0.8]) {
            let overlap = Double(both[Int(kind.rawValue)]) / Double(max(1, either[Int(kind.rawValue)]))
            print("\(kind): \(overlap)")
            #expect(overlap >= least, "\(kind)")
        }
    }

    @Test("It writes and counts what the engine finds, with the correction and without")
    func engine() throws {
        let bench = try Bench()
        let image = Bench.smear(seed: 12, width: 320, height: 240)
        let path = try bench.space.write(try Bench.encode(image), to: "smear.png")
        // What the program reads has 8 bits.
        let read = try ImageReader.read(path: path).image
        for corrected in [true, false] {
            let folder = corrected ? "corrected" : "own"
            let result = try Subprocess.run(
                Subprocess.nctd,
                ["segment", path, "--output", folder, "--json"] + (corrected ? [] : ["--uncorrected"]),
                in: bench.space.path, environment: Bench.environment)
            #expect(result.status == 0, "\(result.error)")
            let known = try SmearNet.embedded.segmentation(
                of: read, corrected: corrected, workers: Workers(threads: 2))
            #expect(try labels(bench.space("\(folder)/smear-classes.png")) == known.labels)
            let report = try report(result)
            #expect(report.corrected == corrected && report.network == SmearNet.embedded.digest)
            let entry = try #require(report.results.first)
            let counts = known.cellCounts
            #expect(
                entry.cells
                    == Report.Cells(
                        whiteCells: counts.whiteCells, redCells: counts.redCells, platelets: counts.platelets))
            #expect(report.summary.cells == entry.cells && report.summary.images == 1 && report.summary.failed == 0)
            #expect(entry.width == 320 && entry.height == 240 && entry.overlay == nil)
            #expect(abs(entry.smearProbability - Double(known.smearProbability)) < 1e-6)
            let red = known.labels.mask(of: .redCell).count
            #expect(abs(entry.shares.redCell - Double(red) / (320 * 240)) < 1e-9)
            let shares = entry.shares
            let sum = shares.background + shares.redCell + shares.cytoplasm + shares.nucleus + shares.platelet
            #expect(abs(sum - 1) < 1e-9)
        }
        #expect(
            try labels(bench.space("corrected/smear-classes.png")) != labels(bench.space("own/smear-classes.png")))
    }

    @Test("The overlay leaves the background and mixes each class's color in, half and half")
    func overlay() throws {
        let bench = try Bench()
        let path = try bench.capture("smear.png", seed: 4)
        let result = try bench.nctd("segment", path, "--output", "out", "--overlay")
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("red cells") && result.output.contains("1 image: "))
        let classes = try labels(bench.space("out/smear-classes.png"))
        let (image, overlay) = (
            try ImageReader.read(path: path).image,
            try ImageReader.read(path: bench.space("out/smear-overlay.png")).image
        )
        try #require(overlay.width == image.width && overlay.height == image.height)
        // Twice the overlay minus the image is the class's color, one for each class.
        var colors: [UInt8: SIMD3<Float>] = [:]
        for (pixel, label) in classes.bytes.enumerated() {
            func color(_ image: RGBImage) -> SIMD3<Float> {
                SIMD3(image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2])
            }
            guard label != 0 else {
                #expect(color(overlay) == color(image))
                continue
            }
            let mixed = 2 * color(overlay) - color(image)
            let known = colors[label, default: mixed]
            colors[label] = known
            let difference = mixed - known
            #expect(max(difference.max(), -difference.min()) < 2.1 / 255, "class \(label)")
        }
        #expect(colors.count >= 2)
    }

    @Test("Kinds stand in the table, in --json with all probabilities, and as YOLO labels, all of the same cells")
    func kinds() throws {
        let bench = try Bench()
        let drawn = try bench.nctd(
            "phantom", "--output", "p", "--count", "2", "--seed", "910011", "--width", "640", "--height", "480")
        #expect(drawn.status == 0, "\(drawn.error)")
        let result = try bench.nctd("segment", "p/images", "--output", "out", "--labels", "--json")
        #expect(result.status == 0, "\(result.error)")
        let report = try report(result)
        var tally: [String: Int] = [:]
        for entry in report.results {
            #expect(entry.whiteCells.count == entry.cells.whiteCells && !entry.whiteCells.isEmpty)
            let path = try #require(entry.labels)
            let text = String(decoding: try #require(bench.space.read(path)), as: UTF8.self)
            let rows = text.split(separator: "\n").map { $0.split(separator: " ") }
            #expect(rows.count == entry.whiteCells.count)
            for (row, cell) in zip(rows, entry.whiteCells) {
                tally[cell.kind.rawValue, default: 0] += 1
                #expect(Set(cell.probabilities.keys) == Set(WhiteCellKind.allCases.map(\.rawValue)))
                #expect(abs(cell.probabilities.values.reduce(0, +) - 1) < 1e-4)
                #expect(cell.probabilities.values.max() == cell.probabilities[cell.kind.rawValue])
                #expect(row.count == 5 && Int(row[0]) == cell.kind.number)
                let center = try #require(Double(row[1])), width = try #require(Double(row[3]))
                #expect(abs((center - width / 2) * 640 - Double(cell.box[0])) < 0.01)
                #expect(abs(width * 640 - Double(cell.box[2])) < 0.01)
                #expect(cell.area >= cell.nucleusArea)
            }
        }
        for kind in WhiteCellKind.allCases {
            #expect(report.summary.kinds[kind.rawValue] == tally[kind.rawValue, default: 0])
        }
        let table = try bench.nctd("segment", "p/images", "--output", "out", "--overwrite")
        let name = try #require(report.results.first?.whiteCells.first?.kind.rawValue)
        #expect(table.output.contains(name.replacingOccurrences(of: "_", with: " ")), "\(table.output)")
    }

    @Test("What cannot be read or is too small is named with the reason, the others are done, and the code is 1")
    func failures() throws {
        let bench = try Bench()
        let good = try bench.capture("in/good.png")
        let bad = try bench.space.write("no image", to: "in/bad.png")
        let tiny = try bench.space.write(
            try Bench.encode(RGBImage(width: 15, height: 40, filledWith: (0.5, 0.5, 0.5))), to: "in/tiny.png")
        let result = try bench.nctd("segment", good, bad, tiny, "none.png", "--output", "out", "--json")
        #expect(result.status == 1)
        #expect(bench.space.files(in: "out") == ["good-classes.png"])
        let report = try report(result)
        #expect(report.results.map(\.input) == [good] && report.failures.map(\.input) == ["none.png", bad, tiny])
        #expect(report.summary.images == 4 && report.summary.failed == 3)
        for (name, words) in [(bad, "bad.png: "), (tiny, "15×40"), ("none.png", "no such file")] {
            let line = result.error.split(separator: "\n").first { $0.hasPrefix("nctd: \(name): ") } ?? ""
            #expect(line.contains(words) && line.contains("; "), "\(result.error)")
        }
    }

    @Test("Captures that differ in their extension alone have it in their results, as with normalize")
    func extensions() throws {
        let bench = try Bench()
        try bench.capture("in/hole.bmp", as: .bmp)
        try bench.capture("in/hole.jpg", as: .jpeg)
        for (command, ending) in [("segment", "-classes.png"), ("restain", ".png")] {
            let result = try bench.nctd(command, "in", "--output", command)
            #expect(result.status == 0, "\(result.error)")
            #expect(bench.space.files(in: command) == ["hole.bmp\(ending)", "hole.jpg\(ending)"])
        }
    }

    @Test("What is there is not replaced unasked, an input never, and two results of one name are refused")
    func refusals() throws {
        let bench = try Bench()
        let first = try bench.capture("a/x.png")
        let second = try bench.capture("b/x.png", seed: 2)
        #expect(try bench.nctd("segment", first, "--output", "out").status == 0)
        let before = bench.space.read("out/x-classes.png")
        let again = try bench.nctd("segment", second, "--output", "out")
        #expect(again.status == 1 && again.error.contains("--overwrite"))
        #expect(bench.space.read("out/x-classes.png") == before)
        #expect(try bench.nctd("segment", second, "--output", "out", "--overwrite").status == 0)
        #expect(bench.space.read("out/x-classes.png") != before)
        let collision = try bench.nctd("segment", first, second, "--output", "other")
        #expect(collision.status == 2 && collision.error.contains("rename"))
        let input = try bench.capture("a/y-classes.png")
        let over = try bench.nctd("segment", try bench.capture("a/y.png"), input, "--output", "a", "--overwrite")
        #expect(over.status == 2 && over.error.contains("take the place"))
    }
}
