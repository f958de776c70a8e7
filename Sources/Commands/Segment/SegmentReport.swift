import Config
import Foundation
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

        init(_ labels: LabelMap<SmearClass>) {
            var counts = [Int](repeating: 0, count: SmearClass.allCases.count)
            for label in labels.bytes { counts[Int(label)] += 1 }
            func share(_ kind: SmearClass) -> Double {
                Double(counts[Int(kind.rawValue)]) / Double(max(1, labels.pixelCount))
            }
            background = share(.background)
            redCell = share(.redCell)
            cytoplasm = share(.cytoplasm)
            nucleus = share(.nucleus)
            platelet = share(.platelet)
        }
    }

    /// A white cell.
    struct Cell: Encodable {
        /// Left, top, width and height in the image's pixels.
        var box: [Int]
        /// The likeliest, and how likely each is.
        var kind: WhiteCellKind
        var probabilities: [String: Float]
        /// In areas of a red cell.
        var nucleusArea: Float
        var area: Float

        init(_ cell: WhiteCell) {
            box = [cell.bounds.x, cell.bounds.y, cell.bounds.width, cell.bounds.height]
            kind = cell.kinds.likeliest
            probabilities = cell.kinds.named
            (nucleusArea, area) = (cell.nucleusArea, cell.area)
        }
    }

    /// One image that was done.
    struct Entry: Encodable {
        var input: String
        /// The files written.
        var classes: String
        var overlay: String?
        var labels: String?
        var crops: String?
        var width: Int
        var height: Int
        var cells: CellCounts
        var whiteCells: [Cell]
        var shares: Shares
        var smearProbability: Float
        var seconds = 0.0

        /// - Parameter map: the classes at the image's own size.
        init(
            input: String, classes: String, map: LabelMap<SmearClass>, segmentation: SmearSegmentation,
            whiteCells: WhiteCells
        ) {
            self.input = input
            self.classes = classes
            (width, height) = (map.width, map.height)
            cells = CellCounts(segmentation, whiteCells.regions)
            self.whiteCells = whiteCells.cells.map(Cell.init)
            shares = Shares(map)
            smearProbability = segmentation.smearProbability
        }

        /// For people: where the classes are, and what was counted.
        var line: String {
            "\(PrintableName.text(input)) -> \(PrintableName.text(classes))  "
                + SegmentReport.text(cells, kinds: SegmentReport.tally(whiteCells))
                + (smearProbability < SmearSegmentation.leastProbability ? "  (does not look like a smear)" : "")
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
        /// White cells by their likeliest kind, all seven.
        var kinds = SegmentReport.tally([])
        var seconds = 0.0
    }

    /// Whether the field's colors corrected the network's classes.
    var corrected: Bool
    /// SHA-256 of the network's weights.
    var network = SmearNet.embedded.digest
    /// The same of the network that tells the kinds.
    var kindNetwork = KindNet.embedded.digest
    var results: [Entry] = []
    var failures: [Failure] = []
    var summary = Summary()

    init(corrected: Bool) { self.corrected = corrected }

    mutating func add(_ entry: Entry) {
        results.append(entry)
        summary.cells.whiteCells += entry.cells.whiteCells
        summary.cells.redCells += entry.cells.redCells
        summary.cells.platelets += entry.cells.platelets
        for cell in entry.whiteCells { summary.kinds[cell.kind.rawValue, default: 0] += 1 }
    }

    mutating func finish(_ failed: [(input: String, failure: JobFailure)], seconds: Double) {
        failures = failed.map { Failure(input: $0.input, cause: $0.failure.cause, remedy: $0.failure.remedy) }
        summary.images = results.count + failures.count
        summary.failed = failures.count
        summary.seconds = seconds
    }

    func json() throws -> String { String(decoding: try JSONText.encode(self), as: UTF8.self) }

    func summaryLine(output: String) -> String {
        "\(summary.images.counted("image")): \(Self.text(summary.cells, kinds: summary.kinds))"
            + (summary.failed > 0 ? "; \(summary.failed) failed" : "")
            + "  (\(Decimals.text(summary.seconds, 1)) s)  results in \(output)"
    }

    /// How many of each kind.
    private static func tally(_ cells: [Cell]) -> [String: Int] {
        var result = Dictionary(uniqueKeysWithValues: WhiteCellKind.allCases.map { ($0.rawValue, 0) })
        for cell in cells { result[cell.kind.rawValue, default: 0] += 1 }
        return result
    }

    private static func text(_ cells: CellCounts, kinds: [String: Int]) -> String {
        let named = WhiteCellKind.allCases.compactMap { kind -> String? in
            let name = kind.rawValue.replacingOccurrences(of: "_", with: " ")
            guard let number = kinds[kind.rawValue], number > 0 else { return nil }
            return number.counted(name)
        }
        return [
            cells.whiteCells.counted("white cell") + (named.isEmpty ? "" : " (\(named.joined(separator: ", ")))"),
            cells.redCells.counted("red cell"), cells.platelets.counted("platelet"),
        ].joined(separator: ", ")
    }
}
