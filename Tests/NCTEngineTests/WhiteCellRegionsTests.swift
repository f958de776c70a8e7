import Foundation
import NCTEngine
import SmearPhantom
import Testing

@Suite("White cells as regions")
struct WhiteCellRegionsTests {
    /// Three red cells of 40 pixels across.
    private func field(width: Int = 400, height: Int = 300) -> LabelMap<SmearClass> {
        var map = LabelMap<SmearClass>(width: width, height: height)
        for x in 0..<3 { draw(.redCell, at: (50 + 90 * x, 50), radius: 20, on: &map) }
        return map
    }

    @Test("A cell has its lobes, its cytoplasm and what they enclose; bounds, areas and center are of all of them")
    func lobes() throws {
        var map = field()
        draw(.cytoplasm, at: (200, 200), radius: 36, on: &map)
        draw(.nucleus, at: (185, 200), radius: 13, on: &map)
        draw(.nucleus, at: (218, 200), radius: 13, on: &map)
        // A vacuole that the classes call background.
        draw(.background, at: (200, 222), radius: 4, on: &map)
        let found = WhiteCellRegions(map)
        let cell = try #require(found.regions.first)
        #expect(found.regions.count == 1)
        #expect(cell.bounds == PixelArea(x: 164, y: 164, width: 73, height: 73))
        #expect(abs(cell.center.x - 200.5) < 0.01 && abs(cell.center.y - 200.5) < 0.01)
        let nucleus = map.mask(of: .nucleus).count
        #expect(cell.nucleusArea == nucleus && found.isNucleus.count { $0 } == nucleus)
        #expect(cell.area == found.owners.count { $0 == 0 } && cell.area > nucleus)
        #expect(found.owners[222 * 400 + 200] == 0 && !found.isNucleus[222 * 400 + 200])
        #expect(found.owners[50 * 400 + 50] == -1 && found.isUnitKnown)
        #expect(!WhiteCellRegions(LabelMap<SmearClass>(width: 90, height: 60)).isUnitKnown)
    }

    @Test("Cytoplasm far from any nucleus is no cell's, and two cells apart are two")
    func apart() {
        var map = field()
        draw(.cytoplasm, at: (60, 220), radius: 30, on: &map)
        draw(.nucleus, at: (60, 220), radius: 20, on: &map)
        draw(.nucleus, at: (330, 220), radius: 22, on: &map)
        // A smear of cytoplasm that joins the two.
        for y in 215..<225 { for x in 60..<330 where map[x, y] == .background { map[x, y] = .cytoplasm } }
        let found = WhiteCellRegions(map)
        #expect(found.regions.count == 2)
        #expect(found.owners[220 * 400 + 190] == -1)
        #expect(found.regions.map(\.bounds.width).max()! < 100)
    }

    @Test("A chain of rims is no white cell; of a cell with a chain attached to it the cell is left")
    func scattered() throws {
        /// Rims of red cells, 34 pixels across and 4 wide, that the classes call nucleus.
        func chain(_ map: inout LabelMap<SmearClass>) {
            for index in 0..<5 {
                let center = (290 - 24 * index, 182 - 24 * index)
                draw(.nucleus, at: center, radius: 17, on: &map)
                draw(.redCell, at: center, radius: 13, on: &map)
            }
        }
        var alone = field()
        chain(&alone)
        #expect(WhiteCellRegions(alone).regions.isEmpty)
        var attached = field()
        chain(&attached)
        draw(.cytoplasm, at: (330, 220), radius: 36, on: &attached)
        draw(.nucleus, at: (330, 220), radius: 24, on: &attached)
        let found = WhiteCellRegions(attached)
        let cell = try #require(found.regions.first)
        #expect(found.regions.count == 1 && abs(cell.center.x - 330.5) < 6 && abs(cell.center.y - 220.5) < 6, "\(cell)")
        #expect(cell.nucleusArea > 1700 && cell.bounds.width < 100, "\(cell)")
        #expect(found.owners[110 * 400 + 218 + 15] == -1)
    }

    @Test("A platelet as large as a nucleus is one; a small one is not")
    func platelets() {
        var map = field()
        draw(.platelet, at: (100, 200), radius: 18, on: &map)
        draw(.platelet, at: (250, 200), radius: 6, on: &map)
        #expect(WhiteCellRegions(map).regions.map(\.bounds.x) == [82])
        #expect(CellCounts(map) == CellCounts(whiteCells: 1, redCells: 3, platelets: 1))
    }

    @Test("What is much paler than the darkest nuclei is none; without colors it is")
    func pale() {
        var map = field()
        draw(.nucleus, at: (100, 200), radius: 18, on: &map)
        draw(.nucleus, at: (250, 200), radius: 18, on: &map)
        var colors = LabImage(
            width: 400, height: 300, samples: [Float](repeating: 0, count: 3 * 400 * 300))
        for pixel in 0..<colors.pixelCount {
            let isDark = map[pixel] == .nucleus && pixel % 400 < 180
            colors.samples[3 * pixel] = isDark ? 30 : map[pixel] == .background ? 90 : 70
        }
        #expect(WhiteCellRegions(map).regions.count == 2)
        #expect(WhiteCellRegions(map, colors: colors).regions.map(\.bounds.x) == [82])
    }

    @Test("Cytoplasm of the background's color is background, and changes as such; a stacked cell as a red cell")
    func flooded() {
        var map = field()
        draw(.cytoplasm, at: (100, 200), radius: 40, on: &map)
        draw(.nucleus, at: (100, 200), radius: 18, on: &map)
        draw(.cytoplasm, at: (250, 60), radius: 18, on: &map)
        var colors = LabImage(
            width: 400, height: 300, samples: [Float](repeating: 0, count: 3 * 400 * 300))
        for pixel in 0..<colors.pixelCount {
            let (x, y) = (pixel % 400, pixel / 400)
            let isNear = (x - 100) * (x - 100) + (y - 200) * (y - 200) <= 26 * 26
            let isStacked = x > 200 && y < 100
            colors.samples[3 * pixel] =
                switch map[pixel] {
                case .nucleus: 30
                case .redCell: 70
                case .cytoplasm: isNear ? 60 : isStacked ? 68 : 89
                default: 90
                }
        }
        let found = WhiteCellRegions(map, colors: colors)
        #expect(found.regions.map(\.bounds) == [PixelArea(x: 74, y: 174, width: 53, height: 53)])
        let parts = SmearParts(map, found, colors: colors, ClassColors(colors, map))
        #expect(parts.indices[200 * 400 + 100 + 35] == UInt16(SmearParts.background))
        #expect(parts.indices[60 * 400 + 250] == UInt16(SmearParts.redCell))
    }

    @Test(
        "One object, one class: a cell's platelets are nucleus, strays are what they look like, but for what the border cuts"
    )
    func objects() {
        var map = field()
        // A cell whose nucleus is taken for a platelet, and one far too large for a platelet that is none.
        draw(.cytoplasm, at: (100, 200), radius: 34, on: &map)
        draw(.platelet, at: (100, 200), radius: 20, on: &map)
        draw(.platelet, at: (250, 200), radius: 16, on: &map)
        // A glint in the first red cell, plasma on the ground, a platelet, and a cell that the border cuts off.
        draw(.nucleus, at: (50, 50), radius: 4, on: &map)
        draw(.cytoplasm, at: (340, 120), radius: 6, on: &map)
        draw(.platelet, at: (340, 260), radius: 6, on: &map)
        draw(.nucleus, at: (399, 30), radius: 5, on: &map)
        var colors = LabImage(width: 400, height: 300, samples: [Float](repeating: 0, count: 3 * 400 * 300))
        for pixel in 0..<colors.pixelCount {
            let (x, y) = (pixel % 400, pixel / 400)
            let isCell = (x - 100) * (x - 100) + (y - 200) * (y - 200) <= 20 * 20
            // Of the large spot the color is the red cells'.
            let isRed = map[pixel] == .redCell || (map[pixel] == .platelet && x > 230 && x < 270)
            let color: SIMD3<Float> =
                isCell ? [30, 30, -40] : isRed ? [70, 20, 10] : map[pixel] == .nucleus ? [78, 8, 4] : [92, 2, 8]
            for channel in 0..<3 { colors.samples[3 * pixel + channel] = color[channel] }
            if map[pixel] == .cytoplasm, x < 200 { colors.samples[3 * pixel] = 60 }
            if map[pixel] == .nucleus, x < 200 { colors.samples[3 * pixel] = 74 }
        }
        let cells = WhiteCellRegions(map, colors: colors)
        #expect(cells.regions.count == 1)
        let settled = ObjectClasses.settled(map, cells, colors: colors, mask: nil)
        #expect(settled[100, 200] == .nucleus && settled[100 + 30, 200] == .cytoplasm)
        #expect(settled[250, 200] == .redCell && settled[50, 50] == .redCell)
        #expect(settled[340, 120] == .background && settled[340, 260] == .platelet)
        #expect(settled[398, 30] == .nucleus)
        // All else is as it was, and once is enough.
        #expect(map.bytes.indices.count { settled.bytes[$0] != map.bytes[$0] } < 3500)
        #expect(ObjectClasses.settled(settled, cells, colors: colors, mask: nil) == settled)
    }

    /// A color that absorbs so much of red, green and blue light above a gray ground, as sRGB.
    private func color(_ density: SIMD3<Float>) -> [Float] {
        (0..<3).map { channel in
            let light = 0.7 * pow(10, -density[channel])
            return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
        }
    }

    @Test(
        "What absorbs as one or two layers of the field's red cells is no nucleus; another dye or many layers are",
        arguments: [
            (SIMD3<Float>(0.09, 0.36, 0.21), false), (SIMD3<Float>(0.16, 0.64, 0.38), false),
            (SIMD3<Float>(0.20, 0.70, 0.40), false), (SIMD3<Float>(0.45, 1.8, 1.05), true),
            (SIMD3<Float>(0.45, 0.60, 0.20), true), (SIMD3<Float>(0.30, 0.70, 0.20), true),
        ])
    func layered(density: SIMD3<Float>, isNucleus: Bool) {
        var map = field()
        draw(.nucleus, at: (100, 200), radius: 18, on: &map)
        let samples = map.bytes.indices.flatMap { pixel in
            switch map[pixel] {
            case .nucleus: color(density)
            case .redCell: color(SIMD3(0.08, 0.32, 0.19))
            default: color(.zero)
            }
        }
        let colors = LabImage(RGBImage(width: 400, height: 300, samples: samples))
        #expect(WhiteCellRegions(map, colors: colors).regions.count == (isNucleus ? 1 : 0))
    }

    @Test("Ground that is taken for cytoplasm joins no cells to wider ones: what a red cell is stays, and so do nuclei")
    func joined() {
        var map = field()
        draw(.nucleus, at: (100, 200), radius: 18, on: &map)
        let cells = map
        for pixel in map.bytes.indices
        where map[pixel] == .background && pixel % 400 > 4
            && pixel % 400 < 395
        {
            map[pixel] = .cytoplasm
        }
        let colors = LabImage(
            width: 400, height: 300,
            samples: cells.bytes.indices.flatMap { pixel -> [Float] in
                switch cells[pixel] {
                case .nucleus: [30, 30, -40]
                case .redCell: [70, 12, 6]
                default: [90, 0, 0]
                }
            })
        let (clear, joined) = (WhiteCellRegions(cells, colors: colors), WhiteCellRegions(map, colors: colors))
        #expect(joined.unit == clear.unit && joined.regions == clear.regions && joined.regions.count == 1)
    }

    @Test("A field of a white cell alone has a unit: the cell is found, whatever its size", arguments: [30, 44, 60])
    func alone(radius: Int) {
        var map = LabelMap<SmearClass>(width: 160, height: 160)
        draw(.cytoplasm, at: (80, 80), radius: radius, on: &map)
        draw(.nucleus, at: (80, 80), radius: radius / 2, on: &map)
        #expect(WhiteCellRegions(map).regions.count == 1)
    }

    @Test("Each of a phantom's white cells is found where it was drawn")
    func phantoms() {
        for seed in 61..<67 as Range<UInt64> {
            let options = SceneOptions(whiteCellCount: 1, plateletCount: 2)
            let scene = SmearScene(seed: seed, width: 400, height: 320, options: options)
            let found = WhiteCellRegions(scene.classes).regions
            for box in scene.boxes where box.kind == .whiteCell {
                let shared = found.map { overlap(of: $0.bounds, box) }.max() ?? 0
                #expect(shared > 0.7, "seed \(seed): \(shared)")
            }
            #expect(found.count == 1)
        }
    }

    /// Intersection over union.
    private func overlap(of area: PixelArea, _ box: CellBox) -> Double {
        let width = min(area.x + area.width, box.x + box.width) - max(area.x, box.x)
        let height = min(area.y + area.height, box.y + box.height) - max(area.y, box.y)
        guard width > 0, height > 0 else { return 0 }
        let both = width * height
        return Double(both) / Double(area.pixelCount + box.width * box.height - both)
    }
}
