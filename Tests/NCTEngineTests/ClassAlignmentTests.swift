import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite struct ClassAlignmentTests {
    private let workers = Workers(threads: 2)

    private func colors(_ cells: [FieldColors.Cell]) -> FieldColors {
        let lab = LabImage(width: 8, height: 8, samples: [Float](repeating: 50, count: 192))
        let map = LabelMap<SmearClass>(width: 8, height: 8)
        let parts = SmearParts(map, WhiteCellRegions(map), colors: lab, ClassColors(lab, map))
        var colors = FieldColors(lab, parts, kinds: [])
        colors.background = PartColor(mean: [80, -3, 5], deviation: [2, 1, 1], pixels: 1000)
        colors.redCell = PartColor(mean: [66, 6, 4], deviation: [4, 2, 3], pixels: 1000)
        colors.cells = cells
        return colors
    }

    /// A cell of a kind as the general palette has it, in another stain.
    private func cell(_ kind: WhiteCellKind, sure: Float, offset: SIMD3<Float>) -> FieldColors.Cell {
        let rest = (1 - sure) / Float(WhiteCellKind.allCases.count - 1)
        func part(_ statistics: ColorStatistics) -> PartColor {
            PartColor(mean: statistics.mean + offset, deviation: statistics.within, pixels: 500)
        }
        return FieldColors.Cell(
            kinds: WhiteCellKind.allCases.map { $0 == kind ? sure : rest },
            cytoplasm: part(LabPalette.general.cytoplasm[kind]!), nucleus: part(LabPalette.general.nucleus[kind]!))
    }

    @Test("A palette learned from a lab in another stain has each kind where the stain put it")
    func learning() throws {
        let offset = SIMD3<Float>(-6, 5, -7)
        var learner = PaletteLearner()
        let kinds: [WhiteCellKind] = [.segmentedNeutrophil, .lymphocyte, .eosinophil, .monocyte]
        for _ in 0..<10 { learner.add(colors(kinds.map { cell($0, sure: 0.9, offset: offset) })) }
        let palette = try learner.palette(workers: workers)
        #expect(palette.images == 10 && palette.whiteCells == 40)
        for kind in WhiteCellKind.allCases {
            let difference = palette.cytoplasm[kind]!.mean - LabPalette.general.cytoplasm[kind]!.mean - offset
            #expect((difference * difference).sum().squareRoot() < 4, "\(kind): \(difference)")
        }
        // A basophil was never shown: it is where the change of the others puts it, and hardly any cell counts for it.
        #expect(palette.cytoplasm[.basophil]!.count < 2 && palette.cytoplasm[.eosinophil]!.count > 8)
    }

    @Test("Kinds stay apart: an eosinophil and a neutrophil of one lab keep their distance in the other's colors")
    func kindsStay() throws {
        let offset = SIMD3<Float>(-6, 5, -7)
        var learner = PaletteLearner()
        let field = colors([
            cell(.segmentedNeutrophil, sure: 0.95, offset: offset), cell(.eosinophil, sure: 0.95, offset: offset),
        ])
        for _ in 0..<10 { learner.add(field) }
        let alignment = ClassAlignment(field, from: try learner.palette(workers: workers), to: .general)
        func result(_ index: Int) -> SIMD3<Float> {
            alignment.changes[SmearParts.cytoplasm(ofCell: index)](field.cells[index].cytoplasm!.mean)
        }
        let difference = result(1) - result(0)
        let wanted =
            LabPalette.general.cytoplasm[.eosinophil]!.mean - LabPalette.general.cytoplasm[.segmentedNeutrophil]!.mean
        let distance = SIMD2(difference.y, difference.z), truth = SIMD2(wanted.y, wanted.z)
        #expect((distance * distance).sum().squareRoot() > 0.8 * (truth * truth).sum().squareRoot())
        // Background and red cells arrive where the training lab has them.
        let background = alignment.changes[SmearParts.background]([80, -3, 5])
        #expect(abs(background.x - LabPalette.general.background.mean.x) < 0.01)
    }

    @Test("Kinds are told as if the cells of a lab had the colors of the lab that the network knows")
    func shift() throws {
        // A stain that moves all alike needs no shift: the network sees differences alone.
        var lab = LabPalette.general
        let all = SIMD3<Float>(-6, 5, -7), own = SIMD3<Float>(3, -6, 9)
        func move(_ statistics: inout ColorStatistics, _ offset: SIMD3<Float>) { statistics.mean += offset }
        move(&lab.background, all)
        move(&lab.redCell, all)
        for kind in WhiteCellKind.allCases {
            move(&lab.cytoplasm[kind]!, all)
            move(&lab.nucleus[kind]!, all)
            lab.cytoplasm[kind]!.count = 10
            lab.nucleus[kind]!.count = 10
        }
        var shift = KindShift(from: lab)
        #expect((0..<8).allSatisfy { abs(shift.cytoplasm[$0]) < 1e-4 && abs(shift.nucleus[$0]) < 1e-4 })
        // One that moves cytoplasm further is taken back but for the share of few cells.
        for kind in WhiteCellKind.allCases { move(&lab.cytoplasm[kind]!, own) }
        shift = KindShift(from: lab)
        let expected = -own / SIMD3(30, 15, 15) * (70 / 74)
        for channel in 0..<3 {
            #expect(abs(shift.cytoplasm[channel] - expected[channel]) < 1e-3)
            #expect(abs(shift.cytoplasm[3 + channel] - expected[channel]) < 1e-3)
            #expect(abs(shift.nucleus[channel]) < 1e-4)
        }
        // A lab of which no cell is known has none.
        #expect(KindShift(from: .general) == .none)
    }

    @Test("What is paler than its cytoplasm was no nucleus and changes as a red cell")
    func paleNucleus() throws {
        var wrong = cell(.lymphocyte, sure: 0.9, offset: .zero)
        wrong.nucleus!.mean.x = 75
        let alignment = ClassAlignment(colors([wrong]), from: .general, to: .general)
        #expect(alignment.changes[SmearParts.nucleus(ofCell: 0)] == alignment.changes[SmearParts.redCell])
        #expect(alignment.changes[SmearParts.cytoplasm(ofCell: 0)] == alignment.changes[SmearParts.redCell])
    }

    @Test("A palette comes back from its file as it was, and damaged ones are refused with a reason")
    func file() throws {
        var learner = PaletteLearner()
        learner.add(colors([cell(.monocyte, sure: 0.5, offset: .zero)]))
        let palette = try learner.palette(workers: workers)
        let bytes = try palette.encoded()
        #expect(try LabPalette(decoding: bytes) == palette)
        #expect(try palette.encoded() == bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let damaged = [
            "", "[]", String(text.prefix(200)), text.replacing("\"version\" : 1", with: "\"version\" : 9"),
            text.replacing("monocyte", with: "monkey"), text.replacing("\"images\" : 1", with: "\"images\" : -1"),
        ]
        for (index, text) in damaged.enumerated() {
            #expect(throws: EngineError.self, "\(index)") { try LabPalette(decoding: Array(text.utf8)) }
        }
        #expect(throws: EngineError.self) { try PaletteLearner().palette(workers: workers) }
    }

    @Test("The blurred field has a part's own values away from its border, whatever the threads")
    func field() {
        let indices: [UInt16] = (0..<40 * 30).map { $0 % 40 < 20 ? 0 : 1 }
        let table = [SIMD8<Float>(repeating: 1), SIMD8<Float>(repeating: 3)]
        func blurred(_ threads: Int) -> [Float] {
            PartKernels.blurred(
                indices, table: table, width: 40, height: 30, deviation: 1.5, workers: Workers(threads: threads))
        }
        let values = blurred(1)
        #expect(values == blurred(3))
        #expect(abs(values[8 * (15 * 40 + 5)] - 1) < 1e-5 && abs(values[8 * (15 * 40 + 35)] - 3) < 1e-5)
        let edge = values[8 * (15 * 40 + 19)]
        #expect(edge > 1.5 && edge < 2)
    }

    @Test("Phantoms in another stain come nearer to their own colors, and threads do not matter", arguments: [21, 22])
    func phantom(seed: UInt64) throws {
        let pair = SmearPhantom.pair(seed: seed, source: .labB, reference: .labA, width: 480, height: 360)
        func result(_ threads: Int) throws -> RGBImage {
            try BaselineNormalizer(
                method: .classPalette, references: pair.references, workers: Workers(threads: threads)
            ).normalize(pair.source).image
        }
        let image = try result(2)
        #expect(try result(1) == image)
        func error(_ image: RGBImage) -> Double {
            let (found, truth) = (LabImage(image), LabImage(pair.truth))
            let pixels = Array(stride(from: 0, to: found.pixelCount, by: 7))
            return pixels.reduce(0) { $0 + Double(CIEDE2000.difference(found[$1], truth[$1])) } / Double(pixels.count)
        }
        #expect(error(image) < 0.5 * error(pair.source), "seed \(seed): \(error(image)) of \(error(pair.source))")
    }
}
