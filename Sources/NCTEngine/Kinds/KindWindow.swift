import Foundation

/// What ``KindNet`` looks at of one white cell, in half precision: 64 kB.
package struct KindWindow: Sendable {
    /// `64 × 64 × 8`: color relative to the field's background and to its red cells, the cell, its nucleus.
    private let values: [Float16]
    /// Logarithms of the areas of the nucleus and of the cell in areas of a red cell.
    let sizes: [Float]
    /// Whether the field shows red cells that colors are relative to.
    private let hasRedCells: Bool

    /// - Parameters:
    ///   - cell: index of the region.
    ///   - colors: of the field on the regions' grid.
    package init(_ cell: Int, of regions: WhiteCellRegions, colors: LabImage, ground: KindNet.Ground) {
        let region = regions.regions[cell]
        let background = ground.background ?? KindNet.usualBackground
        let owner = Int32(cell)
        let view = CellView(of: region, width: colors.width, height: colors.height)
        let map = view.mean(channels: KindNet.inputs, of: colors.width) { pixel, values in
            let color = colors[pixel]
            let fromBackground = (color - background) / KindNet.unit
            let fromRedCell = ground.redCell.map { (color - $0) / KindNet.unit } ?? .zero
            for channel in 0..<3 {
                values[channel] = fromBackground[channel]
                values[3 + channel] = fromRedCell[channel]
            }
            let isOwn = regions.owners[pixel] == owner
            values[6] = isOwn ? 1 : 0
            values[7] = isOwn && regions.isNucleus[pixel] ? 1 : 0
        }
        values = map.values.map { Float16($0) }
        sizes = [region.nucleusArea, region.area].map { log(Float($0) / regions.unit) }
        hasRedCells = ground.redCell != nil
    }

    /// The network's input with cytoplasm and nucleus moved.
    func input(_ shift: KindShift) -> FeatureMap {
        var map = FeatureMap(
            width: KindNet.side, height: KindNet.side, channels: KindNet.inputs, values: values.map { Float($0) })
        guard shift != .none else { return map }
        for pixel in 0..<map.pixelCount {
            let start = pixel * KindNet.inputs
            let (own, nucleus) = (map.values[start + 6], map.values[start + 7])
            guard own > 0 else { continue }
            let move = max(0, own - nucleus) * shift.cytoplasm + nucleus * shift.nucleus
            for channel in 0..<(hasRedCells ? 6 : 3) { map.values[start + channel] += move[channel] }
        }
        return map
    }
}

/// By how much the colors of a lab's white cells, relative to its background and red cells, must be moved to be those
/// of the lab that ``KindNet`` was trained on: all kinds alike.
package struct KindShift: Sendable, Equatable {
    /// Against the background (first three) and against red cells, in the network's units; the last two are 0.
    package let cytoplasm: SIMD8<Float>
    package let nucleus: SIMD8<Float>

    package static let none = KindShift(cytoplasm: .zero, nucleus: .zero)

    /// So many cells further are taken to need no shift.
    private static let priorCells: Float = 4

    private init(cytoplasm: SIMD8<Float>, nucleus: SIMD8<Float>) {
        self.cytoplasm = cytoplasm
        self.nucleus = nucleus
    }

    /// What brings the mean of a lab's white cells to where cells of the same kinds are in the training lab.
    package init(from lab: LabPalette) {
        let known = LabPalette.general
        func shift(_ part: LabPalette.Part) -> SIMD8<Float> {
            let (own, there) = (lab[part], known[part])
            var (total, difference) = (Self.priorCells, SIMD3<Float>.zero)
            for kind in WhiteCellKind.allCases {
                let count = own[kind]!.count
                difference += count * (there[kind]!.mean - own[kind]!.mean)
                total += count
            }
            let share = (total - Self.priorCells) / total
            difference /= total
            let background = (difference - share * (known.background.mean - lab.background.mean)) / KindNet.unit
            let redCell = (difference - share * (known.redCell.mean - lab.redCell.mean)) / KindNet.unit
            return SIMD8(lowHalf: SIMD4(background, redCell.x), highHalf: SIMD4(redCell.y, redCell.z, 0, 0))
        }
        cytoplasm = shift(.cytoplasm)
        nucleus = shift(.nucleus)
    }
}
