import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Kinds of white cells")
struct KindNetTests {
    private let network = KindNet.embedded

    /// What PyTorch computes in double precision with the same weights (`Training/reference_kinds.py`).
    @Test("The scores are PyTorch's to single precision's rounding, with the program's own weights")
    func scores() throws {
        let path = (#filePath as NSString).deletingLastPathComponent + "/Resources/kindnet-scores.safetensors"
        let file = try Safetensors([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
        let digest = try file.bytes("weights.sha256").map { String(format: "%02x", $0) }.joined()
        #expect(digest == network.digest, "run Training/reference_kinds.py again")
        let window = FeatureMap(
            width: KindNet.side, height: KindNet.side, channels: 8,
            values: try file.bytes("window").map { (Float($0) - 128) / 32 })
        let expected = try file.floats("scores", shape: [7])
        let found = network.scores(of: window, sizes: try file.floats("sizes", shape: [2]))
        let difference = zip(found, expected).map { abs($0 - $1) }.max()!
        print("greatest difference of the scores: \(difference)")
        #expect(difference < 1e-4)
        #expect(Set(expected).count == 7)
    }

    @Test("Weights of another shape are refused by the tensor's name")
    func wrongWeights() {
        let bytes = SafetensorsFile.bytes(of: ["level.1.1.weight": ([3, 3, 3, 16], [Float](repeating: 0, count: 432))])
        #expect { try KindNet(weights: bytes) } throws: { ($0 as? EngineError)?.subject == .tensor("level.1.1.weight") }
    }

    @Test("Probabilities make one, the likeliest is the greatest; what is believed keeps the order and is less sure")
    func probabilities() {
        let first = KindProbabilities(scores: [0, 1, 2, 3, 90, 5, 6])
        let second = KindProbabilities(scores: [3, 0, 0, 0, 0, 0, 0])
        for values in [first, second] {
            #expect(abs(WhiteCellKind.allCases.reduce(0) { $0 + values[$1] } - 1) < 1e-5)
            #expect(abs(values.believed().reduce(0, +) - 1) < 1e-5)
        }
        #expect(first.likeliest == .eosinophil && second.likeliest == .segmentedNeutrophil)
        let believed = second.believed()[WhiteCellKind.segmentedNeutrophil.number]
        #expect(believed < second[.segmentedNeutrophil] && believed > second.believed()[1])
    }

    @Test("The same bytes with any number of threads; boxes in the capture's pixels, also where the network reduces")
    func determinism() throws {
        let options = SceneOptions(whiteCellCount: 2, plateletCount: 1)
        let scene = SmearScene(seed: 77, width: 1001, height: 752, options: options)
        let image = scene.render(in: .labA)
        func cells(_ threads: Int) throws -> WhiteCells {
            let workers = Workers(threads: threads)
            return WhiteCells(
                of: try SmearNet.embedded.segmentation(of: image, workers: workers), workers: workers)
        }
        let (one, four) = (try cells(1), try cells(4))
        #expect(one.cells == four.cells && one.reduction == 2 && !one.cells.isEmpty)
        for cell in one.cells {
            let found = scene.boxes.contains { box in
                box.kind == .whiteCell && abs(box.x - cell.bounds.x) < 24 && abs(box.y - cell.bounds.y) < 24
                    && abs(box.width - cell.bounds.width) < 40
            }
            #expect(found, "\(cell.bounds)")
            #expect(cell.area > cell.nucleusArea && cell.nucleusArea >= 0.4)
        }
    }

    @Test("A window is the area's mean where it reduces, and goes on as at the edge beyond the field")
    func window() throws {
        // A cell of 100 pixels across in a field that rises to the right, one unit a pixel.
        let (width, height) = (160, 120)
        var map = LabelMap<SmearClass>(width: width, height: height)
        for y in 10..<110 { for x in 50..<150 { map[x, y] = .nucleus } }
        let region = try #require(WhiteCellRegions(map).regions.first)
        let view = CellView(of: region, width: width, height: height).mean(channels: 2, of: width) { pixel, values in
            values[0] = Float(pixel % width)
            values[1] = map[pixel] == .nucleus ? 1 : 0
        }
        let step = 1.5 * (Float(100 * 100) * 4 / .pi).squareRoot() / Float(KindNet.side)
        let middle = 32 * KindNet.side
        for column in 8..<40 {
            // Centers of pixels lie half a pixel in.
            let expected = 100 + (Float(column) + 0.5 - 32) * step - 0.5
            #expect(abs(view.values[2 * (middle + column)] - expected) < 0.1, "column \(column)")
        }
        #expect(abs(view.values[2 * (middle + 63)] - 159) < 0.01)
        // The share of the window that the cell fills is its area's in the window's.
        let filled = (0..<view.pixelCount).reduce(Float(0)) { $0 + view.values[2 * $1 + 1] }
        #expect(abs(filled * step * step - 10000) < 100)
    }

    @Test(
        "On fields of the training lab that took no part in training, most kinds are told",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)))
    func real() throws {
        let workers = Workers(threads: 2)
        let kinds: [String: WhiteCellKind] = [
            "ba": .basophil, "eo": .eosinophil, "ly": .lymphocyte, "mo": .monocyte, "sne": .segmentedNeutrophil,
        ]
        var (right, all) = (0, 0)
        for file in try SharedFiles.images(of: "lab-a-kinds/test") {
            let name = file.lastPathComponent
            guard let kind = kinds[String(name.prefix { $0 != "-" })], name.contains("-00") else { continue }
            let image = try ImageReader.read(path: file.path).image
            let segmentation = try SmearNet.embedded.segmentation(of: image, workers: workers)
            all += 1
            right +=
                WhiteCells(of: segmentation, workers: workers).cells.contains { $0.kinds.likeliest == kind } ? 1 : 0
        }
        print("kinds right: \(right) of \(all)")
        #expect(all >= 30 && right * 10 >= all * 7)
    }
}
