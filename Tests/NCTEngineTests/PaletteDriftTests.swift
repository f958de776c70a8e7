import NCTEngine
import Testing

@Suite struct PaletteDriftTests {
    /// A palette whose classes were seen on so many fields and cells.
    private func palette(count: Float, _ change: (inout LabPalette) -> Void = { _ in }) -> LabPalette {
        var palette = LabPalette.general
        palette.background.count = count
        palette.redCell.count = count
        palette.platelet.count = count
        for kind in WhiteCellKind.allCases {
            palette.cytoplasm[kind]?.count = count
            palette.nucleus[kind]?.count = count
        }
        change(&palette)
        return palette
    }

    @Test("The same colors are no drift")
    func same() {
        #expect(PaletteDrift.between(palette(count: 100), palette(count: 30)) == nil)
        #expect(PaletteDrift.largest(palette(count: 100), palette(count: 30))?.distance == 0)
    }

    @Test("A move beyond the bound and beyond chance is a drift, and the farthest class is named")
    func moved() throws {
        let new = palette(count: 100) {
            $0.background.mean.x += 3
            $0.cytoplasm[.lymphocyte]?.mean.z += 12
        }
        let drift = try #require(PaletteDrift.between(palette(count: 100), new))
        #expect(drift.part == "cytoplasm of the kind lymphocyte")
        #expect(abs(drift.distance - 12) < 1e-4)
    }

    @Test("A move within the bound is none, however surely it is known")
    func small() {
        let new = palette(count: 100_000) { $0.background.mean.x += 1.9 }
        #expect(PaletteDrift.between(palette(count: 100_000), new) == nil)
    }

    @Test("A move that chance explains is none: the same one is a drift where more cells were seen")
    func chance() {
        func drift(_ count: Float) -> PaletteDrift? {
            PaletteDrift.between(
                palette(count: count), palette(count: count) { $0.nucleus[.monocyte]?.mean.y += 4 })
        }
        // Nuclei of monocytes differ by 4.9 from cell to cell: the standard error is 2.2 for 10 cells and 0.7 for 100.
        #expect(drift(10) == nil)
        #expect(drift(100) != nil)
    }

    @Test("A class that was hardly seen tells nothing")
    func rare() {
        let new = palette(count: 100) {
            $0.cytoplasm[.basophil]?.mean.x += 40
            $0.cytoplasm[.basophil]?.count = 4
        }
        #expect(PaletteDrift.between(palette(count: 100), new) == nil)
    }
}
