/// What ``KindNet`` is trained on: windows about the white cells, larger than it looks at so that they can be turned and
/// moved, with all that its input is made of.
package struct KindCrops: Sendable {
    /// Pixels of a window either way.
    package static let side = 96
    /// L*, a*, b*, the share of each ``SmearClass``, of the cell, of its nucleus.
    package static let channels = 3 + SmearSegmentation.classCount + 2

    /// One a cell: `side × side × channels`.
    package let maps: [FeatureMap]
    /// The colors that the network's input is relative to, CIELAB.
    package let background: SIMD3<Float>?
    package let redCell: SIMD3<Float>?

    package init(of cells: WhiteCells, _ segmentation: SmearSegmentation) {
        let (regions, colors, labels) = (cells.regions, segmentation.colors, segmentation.labels)
        (background, redCell) = (cells.ground.background, cells.ground.redCell)
        maps = regions.regions.indices.map { cell in
            CellView(
                of: regions.regions[cell], width: colors.width, height: colors.height, side: Self.side
            ).mean(channels: Self.channels, of: colors.width) { pixel, values in
                values.update(repeating: 0)
                for channel in 0..<3 { values[channel] = colors.samples[3 * pixel + channel] }
                values[3 + Int(labels.bytes[pixel])] = 1
                guard regions.owners[pixel] == Int32(cell) else { return }
                values[Self.channels - 2] = 1
                if regions.isNucleus[pixel] { values[Self.channels - 1] = 1 }
            }
        }
    }
}
