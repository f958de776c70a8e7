/// What PatchMatch searches: 8-bit features, one image or several references side by side, padded by one pixel that
/// repeats the border.
///
/// 8 bits make the search exact integer arithmetic (the same on every processor) with a quarter of the memory traffic,
/// which is what bounds it; the step is 1/127 of six deviations of the strongest component.
package struct SearchMap: Sendable, Equatable {
    /// A reference's place in the map.
    package struct Region: Sendable, Equatable, Codable {
        package let x: Int
        package let width: Int
        package let height: Int
    }

    /// Pixels that are alike in their first three components and of one label, in lists: where random search looks.
    package struct Cells: Sendable, Equatable {
        /// By cell, where its list starts; one more for the end.
        package let starts: [UInt32]
        /// Positions, y << 16 | x.
        package let entries: [UInt32]
    }

    package let width: Int
    package let height: Int
    /// Values a pixel, a multiple of 8: components, then the appended features, then zeros.
    package let dimensions: Int
    package let components: Int
    /// Values a pixel that say which label it has; 0 without enhancement.
    package let labelCount: Int
    /// Quantization: stored value = feature × scale.
    package let scale: Float
    package let regions: [Region]
    /// `(height + 2) × (width + 2) × dimensions`.
    package let values: [Int8]
    /// By column: rows that are valid there, 0 in the gaps between references.
    package let columnHeights: [UInt16]
    /// The columns that are valid.
    package let columns: [UInt16]
    package private(set) var cells = Cells(starts: [], entries: [])

    package var stride: Int { width + 2 }

    package static let limit: Float = Float(SearchKernels.quantizationLimit)

    /// The scale that maps six deviations of the strongest component to the greatest stored value.
    package static func scale(strongestVariance: Float) -> Float {
        limit / (6 * max(strongestVariance, 1e-12).squareRoot())
    }

    package init(
        restoring width: Int, height: Int, dimensions: Int, components: Int, labelCount: Int, scale: Float,
        regions: [Region], values: [Int8], workers: Workers
    ) {
        self.width = width
        self.height = height
        self.dimensions = dimensions
        self.components = components
        self.labelCount = labelCount
        self.scale = scale
        self.regions = regions
        self.values = values
        var columnHeights = [UInt16](repeating: 0, count: width)
        for region in regions {
            for x in region.x..<region.x + region.width { columnHeights[x] = UInt16(region.height) }
        }
        self.columnHeights = columnHeights
        self.columns = (0..<width).filter { columnHeights[$0] > 0 }.map { UInt16($0) }
        cells = SearchKernels.cells(of: self, workers: workers)
    }

    /// - Parameters:
    ///   - images: features on the principal components, and cluster of every pixel where the enhancement is on.
    ///   - labelCount: number of clusters.
    ///   - labelWeight: what a pixel of another cluster adds to the distance, in stored units (before squaring).
    package init(
        _ images: [(features: FeatureMap, labels: LabelMap<Cluster>?)], labelCount: Int, labelWeight: Float,
        scale: Float,
        workers: Workers
    ) {
        let components = images[0].features.channels
        let dimensions = (components + labelCount + 7) / 8 * 8
        var regions: [Region] = []
        var x = 0
        for image in images {
            regions.append(Region(x: x, width: image.features.width, height: image.features.height))
            x += image.features.width + 2
        }
        let (width, height) = (x - 2, regions.map(\.height).max()!)
        var values = [Int8](repeating: 0, count: (width + 2) * (height + 2) * dimensions)
        let label = Int8(min(Self.limit, max(0, labelWeight)).rounded())
        for (region, image) in zip(regions, images) {
            SearchKernels.place(
                image.features, labels: image.labels, label: label, scale: scale, dimensions: dimensions,
                atColumn: region.x, stride: width + 2, into: &values, workers: workers)
        }
        self.init(
            restoring: width, height: height, dimensions: dimensions, components: components,
            labelCount: labelCount, scale: scale, regions: regions, values: values, workers: workers)
    }

    /// The reference and position of a packed position (y << 16 | x).
    package func target(of position: UInt32) -> FieldTarget {
        let (x, y) = (Int(position & 0xFFFF), Int(position >> 16))
        let index = regions.lastIndex { $0.x <= x } ?? 0
        return FieldTarget(reference: index, x: x - regions[index].x, y: y)
    }

    /// Lays images' colors out like the map: `(height + 2) × (width + 2) × 3`, borders repeated.
    package func padded(_ images: [LabImage]) -> [Float] {
        var colors = [Float](repeating: 0, count: (width + 2) * (height + 2) * 3)
        for (region, image) in zip(regions, images) {
            for y in -1...region.height {
                let row = min(max(y, 0), region.height - 1) * region.width
                for x in -1...region.width {
                    let from = 3 * (row + min(max(x, 0), region.width - 1))
                    let to = 3 * ((y + 1) * stride + region.x + x + 1)
                    for channel in 0..<3 { colors[to + channel] = image.samples[from + channel] }
                }
            }
        }
        return colors
    }

    /// The first `count` components of each image, for pictures of them.
    package func components(_ count: Int) -> [FeatureMap] {
        let kept = min(count, components)
        return regions.map { region in
            var map = FeatureMap(width: region.width, height: region.height, channels: kept)
            forEachPixel(of: region) { pixel, start in
                for component in 0..<kept {
                    map.values[pixel * kept + component] = Float(values[start + component]) / scale
                }
            }
            return map
        }
    }

    /// The cluster of every pixel of each image; all 0 without clustering.
    package func labels(count: Int) -> [LabelMap<Cluster>] {
        regions.map { region in
            var map = LabelMap<Cluster>(width: region.width, height: region.height)
            forEachPixel(of: region) { pixel, start in
                let appended = values[start + components..<start + components + count]
                map.bytes[pixel] = UInt8((appended.firstIndex { $0 != 0 } ?? start + components) - start - components)
            }
            return map
        }
    }

    private func forEachPixel(of region: Region, _ body: (_ pixel: Int, _ start: Int) -> Void) {
        for y in 0..<region.height {
            for x in 0..<region.width {
                body(y * region.width + x, ((y + 1) * stride + region.x + x + 1) * dimensions)
            }
        }
    }
}

/// Where a pixel of S finds its match.
public struct FieldTarget: Sendable, Equatable {
    public var reference: Int
    public var x: Int
    public var y: Int
}
