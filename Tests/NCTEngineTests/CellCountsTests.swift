import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Cell counts")
struct CellCountsTests {
    @Test("Cells that stand free are counted one by one, a clump by its area, crumbs not at all")
    func free() {
        var map = LabelMap<SmearClass>(width: 400, height: 300)
        for x in 0..<4 { draw(.redCell, at: (50 + 90 * x, 50), radius: 20, on: &map) }
        // Two that overlap by a little.
        draw(.redCell, at: (60, 150), radius: 20, on: &map)
        draw(.redCell, at: (94, 150), radius: 20, on: &map)
        // A white cell whose nucleus has two lobes that do not touch.
        draw(.cytoplasm, at: (220, 200), radius: 40, on: &map)
        draw(.nucleus, at: (205, 200), radius: 13, on: &map)
        draw(.nucleus, at: (238, 200), radius: 13, on: &map)
        // Two platelets, and a crumb of each.
        draw(.platelet, at: (320, 250), radius: 6, on: &map)
        draw(.platelet, at: (350, 220), radius: 6, on: &map)
        draw(.platelet, at: (380, 180), radius: 1, on: &map)
        draw(.redCell, at: (380, 280), radius: 3, on: &map)
        let counts = CellCounts(map)
        #expect(counts.redCells == 6 && counts.whiteCells == 1 && counts.platelets == 2, "\(counts)")
    }

    @Test("A nucleus without cytoplasm is a white cell, and its lobes near each other are one; a small one is none")
    func nuclei() {
        var map = LabelMap<SmearClass>(width: 300, height: 200)
        for x in 0..<3 { draw(.redCell, at: (40 + 90 * x, 40), radius: 20, on: &map) }
        draw(.nucleus, at: (60, 130), radius: 14, on: &map)
        draw(.nucleus, at: (94, 130), radius: 14, on: &map)
        draw(.nucleus, at: (230, 130), radius: 7, on: &map)
        #expect(CellCounts(map).whiteCells == 1)
        draw(.nucleus, at: (230, 130), radius: 16, on: &map)
        #expect(CellCounts(map).whiteCells == 2)
    }

    @Test("An empty field has nothing, and a field of one class has no crash")
    func empty() {
        let counts = CellCounts(LabelMap(width: 30, height: 20))
        #expect(counts.redCells == 0 && counts.whiteCells == 0 && counts.platelets == 0)
        for kind in SmearClass.allCases {
            #expect(CellCounts(LabelMap(width: 1, height: 1, repeating: kind)).redCells <= 1)
        }
    }

    @Test("On phantoms' true classes white cells are counted rightly and red cells within a sixth")
    func phantoms() {
        var (found, drawn) = (0, 0)
        for seed in 41..<49 as Range<UInt64> {
            let options = SceneOptions(whiteCellCount: 1, plateletCount: 2)
            let scene = SmearScene(seed: seed, width: 480, height: 360, options: options)
            let counts = CellCounts(scene.classes)
            #expect(counts.whiteCells == 1, "seed \(seed): \(counts)")
            found += counts.redCells
            drawn += scene.boxes.count { $0.kind == .redCell }
        }
        #expect(abs(Float(found) - Float(drawn)) < Float(drawn) / 6, "\(found) of \(drawn)")
    }

    @Test(
        "On real fields of two labs, white cells are counted as boxed in four of five, and red cells within a fifth",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)),
        arguments: ["lab-a", "lab-b"])
    func real(lab: String) throws {
        let fields = try SharedFiles.images(of: "\(lab)/test").prefix(30)
        var (right, error, cells) = (0, 0, 0)
        for file in fields {
            let counts = try SmearNet.embedded.segmentation(
                of: try ImageReader.read(path: file.path).image, workers: Workers(threads: 2)
            ).cellCounts
            let classes = try SharedFiles.boxClasses(of: file)
            let white = classes.count { $0 == 0 }, red = classes.count { $0 == 1 }
            right += counts.whiteCells == white ? 1 : 0
            error += abs(counts.redCells - red)
            cells += red
        }
        print("\(lab): white cells right in \(right) of \(fields.count), red cells off by \(error) of \(cells)")
        #expect(right * 5 >= fields.count * 4)
        #expect(error * 5 <= cells)
    }
}
