import Jobs
import NCTEngine

/// What `nctd segment` found in each image and in all together; also the object that `--json` prints.
struct SegmentReport: Encodable {
    /// Share of an image's pixels by class, 0…1.
    struct Shares: Encodable {
        var background: Double
        var redCell: Double
        var cytoplasm: Double
        var nucleus: Double
        var platelet: Double

        init(_ labels: LabelMap) {
            var counts = [Int](repeating: 0, count: SmearClass.allCases.count)
            for label in labels.labels { counts[Int(label)] += 1 }
            func share(_ kind: SmearClass) -> Double {
                Double(counts[Int(kind.rawValue)]) / Double(max(1, labels.labels.count))
            }
            background = share(.background)
            redCell = share(.redCell)
            cytoplasm = share(.cytoplasm)
            nucleus = share(.nucleus)
            platelet = share(.platelet)
        }
    }

    /// One image that was done.
    struct Entry: Encodable {
        var input: String
        /// The files written.
        var classes: String
        var overlay: String?
        var width: Int
        var height: Int
        var cells: CellCounts
        var shares: Shares
        var smearProbability: Float
        var seconds = 0.0

        init(input: String, classes: String, overlay: String?, labels: LabelMap, segmentation: SmearSegmentation) {
            self.input = input
            self.classes = classes
            self.overlay = overlay
            (width, height) = (labels.width, labels.height)
            cells = segmentation.cellCounts
            shares = Shares(labels)
            smearProbability = segmentation.smearProbability
        }

        /// For people: where the classes are, and what was counted.
        var line: String {
            "\(input) -> \(classes)  \(SegmentReport.text(cells))"
                + (smearProbability < SmearContents.leastProbability ? "  (does not look like a smear)" : "")
        }
    }

    struct Failure: Encodable {
        var input: String
        var cause: String
        var remedy: String
    }

    struct Summary: Encodable {
        var images = 0
        var failed = 0
        var cells = CellCounts(whiteCells: 0, redCells: 0, platelets: 0)
        var seconds = 0.0
    }

    /// Whether the field's colors corrected the network's classes.
    var corrected: Bool
    /// SHA-256 of the network's weights.
    var network = SmearNet.embedded.digest
    var results: [Entry] = []
    var failures: [Failure] = []
    var summary = Summary()

    init(corrected: Bool) { self.corrected = corrected }

    mutating func add(_ entry: Entry) {
        results.append(entry)
        summary.cells.whiteCells += entry.cells.whiteCells
        summary.cells.redCells += entry.cells.redCells
        summary.cells.platelets += entry.cells.platelets
    }

    mutating func finish(_ failed: [(input: String, failure: JobFailure)], seconds: Double) {
        failures = failed.map { Failure(input: $0.input, cause: $0.failure.cause, remedy: $0.failure.remedy) }
        summary.images = results.count + failures.count
        summary.failed = failures.count
        summary.seconds = seconds
    }

    func json() throws -> String { String(decoding: try JSONText.encode(self), as: UTF8.self) }

    func summaryLine(output: String) -> String {
        "\(Self.count(summary.images, "image")): \(Self.text(summary.cells))"
            + (summary.failed > 0 ? "; \(summary.failed) failed" : "")
            + "  (\(Decimals.text(summary.seconds, 1)) s)  results in \(output)"
    }

    private static func text(_ cells: CellCounts) -> String {
        [
            count(cells.whiteCells, "white cell"), count(cells.redCells, "red cell"),
            count(cells.platelets, "platelet"),
        ].joined(separator: ", ")
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)" + (number == 1 ? "" : "s")
    }
}
