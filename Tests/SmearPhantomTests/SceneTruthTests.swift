import NCTEngine
import SmearPhantom
import Testing

@Suite("A scene's truth")
struct SceneTruthTests {
    private func count(_ label: SmearClass, _ scene: SmearScene) -> Int {
        scene.classes.mask(of: label).count
    }

    @Test(
        "Every white cell's box holds nucleus, and every nucleus lies in such a box", arguments: 0..<40 as Range<UInt64>
    )
    func boxesAndNuclei(seed: UInt64) {
        let options = SceneOptions(whiteCellCount: 3)
        let scene = SmearScene(seed: seed, width: 240, height: 200, options: options)
        let white = scene.boxes.filter { $0.kind == .whiteCell }
        #expect(!white.isEmpty)
        var nuclei = [Int](repeating: 0, count: white.count)
        var outside = 0
        for y in 0..<scene.height {
            for x in 0..<scene.width where scene.classes[x, y] == .nucleus {
                let holders = white.indices.filter { white[$0].contains(x: x, y: y) }
                outside += holders.isEmpty ? 1 : 0
                for holder in holders { nuclei[holder] += 1 }
            }
        }
        #expect(outside == 0, "seed \(seed)")
        #expect(nuclei.allSatisfy { $0 > 20 }, "seed \(seed): \(nuclei)")
    }

    @Test("Boxes lie in the image, and red cells and platelets show in theirs", arguments: 0..<10 as Range<UInt64>)
    func boxesHoldTheirCells(seed: UInt64) {
        let scene = SmearScene(seed: seed, width: 320, height: 240, options: SceneOptions(plateletCount: 3))
        for box in scene.boxes {
            #expect(box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0)
            #expect(box.x + box.width <= scene.width && box.y + box.height <= scene.height)
            #expect((box.whiteCellKind != nil) == (box.kind == .whiteCell))
            guard box.kind == .platelet else { continue }
            let middle = scene.classes[box.x + box.width / 2, box.y + box.height / 2]
            #expect(middle == .platelet, "seed \(seed)")
        }
    }

    @Test("The classes have the shares of a real field", arguments: 0..<10 as Range<UInt64>)
    func shares(seed: UInt64) {
        let scene = SmearScene(seed: seed, width: 360, height: 363)
        let pixels = Double(scene.classes.pixelCount)
        func share(_ label: SmearClass) -> Double { Double(count(label, scene)) / pixels }
        #expect((0.2...0.8).contains(share(.background)), "seed \(seed)")
        #expect((0.15...0.7).contains(share(.redCell)), "seed \(seed)")
        #expect((0.005...0.2).contains(share(.nucleus)), "seed \(seed)")
        #expect((0.002...0.25).contains(share(.cytoplasm)), "seed \(seed)")
        #expect(share(.platelet) < 0.03, "seed \(seed)")
    }

    @Test("Each kind can be asked for, and has a nucleus and cytoplasm", arguments: WhiteCellKind.allCases)
    func kinds(_ kind: WhiteCellKind) {
        let options = SceneOptions(whiteCellCount: 1, whiteCellKinds: [kind])
        let scene = SmearScene(seed: 5, width: 320, height: 240, options: options)
        #expect(scene.whiteCellKinds == [kind])
        #expect(count(.nucleus, scene) > 300)
        #expect(count(.cytoplasm, scene) > 100)
    }

    @Test("As many kinds as white cells: each kind is there once")
    func eachKindOnce() {
        let options = SceneOptions(whiteCellCount: 7, redCellDiameter: 50)
        let scene = SmearScene(seed: 3, width: 900, height: 700, options: options)
        #expect(Set(scene.whiteCellKinds) == Set(WhiteCellKind.allCases))
        #expect(scene.whiteCellKinds.count == 7)
    }

    @Test("Counts of nothing give nothing but background")
    func empty() {
        let options = SceneOptions(whiteCellCount: 0, redCellCount: 0, plateletCount: 0)
        let scene = SmearScene(seed: 3, width: 100, height: 80, options: options)
        #expect(scene.boxes.isEmpty)
        #expect(scene.classes == LabelMap(width: 100, height: 80))
    }

    @Test("The smallest and odd sizes show a white cell too", arguments: [(64, 64), (64, 300), (301, 97)])
    func sizes(width: Int, height: Int) {
        let scene = SmearScene(seed: 1, width: width, height: height)
        #expect(count(.nucleus, scene) > 0)
        #expect(scene.render(in: .labA).pixelCount == width * height)
    }
}
