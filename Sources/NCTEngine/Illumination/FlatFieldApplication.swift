import Foundation

extension FlatField {
    /// The capture under even light: each channel's linear light divided by this light; what would be brighter than
    /// white is white. The mean light and so the white balance stay. Cost: linear in the pixels.
    ///
    /// - Precondition: the capture has the field's proportions (``fits(width:height:)``) and is sound
    ///   (``RGBImage/isSound``).
    public func applied(to image: RGBImage, workers: Workers) -> RGBImage {
        precondition(image.isSound, "finite samples, 0 to 1")
        precondition(fits(width: image.width, height: image.height), "a capture of the field's proportions")
        let columns = Self.places(image.width, cells: width)
        let rows = Self.places(image.height, cells: height)
        let samples = LightKernels.divided(
            image.samples, width: image.width, height: image.height, workers: workers
        ) { y, light in self.interpolate(row: rows[y], columns: columns, into: light) }
        return RGBImage(width: image.width, height: image.height, samples: samples)
    }

    /// A picture of the light, its brightest value white.
    public func picture(width: Int, height: Int) -> RGBImage {
        let columns = Self.places(width, cells: self.width)
        let rows = Self.places(height, cells: self.height)
        let brightest = values.max() ?? 1
        var samples = [Float](repeating: 0, count: 3 * width * height)
        samples.withUnsafeMutableBufferPointer { output in
            guard let base = output.baseAddress else { return }
            for y in 0..<height { interpolate(row: rows[y], columns: columns, into: base + 3 * y * width) }
        }
        return RGBImage(
            width: width, height: height,
            samples: samples.map { SampleLight.sample(of: min(1, max(0, $0 / brightest))) })
    }

    /// Between which two cells each pixel lies, and where: linear, beyond the outer cells' middles as well.
    private static func places(_ pixels: Int, cells: Int) -> [(first: Int, share: Float)] {
        (0..<pixels).map { pixel in
            let position = (Float(pixel) + 0.5) / Float(pixels) * Float(cells) - 0.5
            let first = min(cells - 2, max(0, Int(position.rounded(.down))))
            return (first, position - Float(first))
        }
    }

    private func interpolate(
        row: (first: Int, share: Float), columns: [(first: Int, share: Float)], into light: UnsafeMutablePointer<Float>
    ) {
        let stride = 3 * width
        var line = [Float](repeating: 0, count: stride)
        for index in 0..<stride {
            let upper = values[row.first * stride + index]
            line[index] = upper + row.share * (values[(row.first + 1) * stride + index] - upper)
        }
        for (x, column) in columns.enumerated() {
            for channel in 0..<3 {
                let left = line[3 * column.first + channel]
                let value = left + column.share * (line[3 * column.first + 3 + channel] - left)
                light[3 * x + channel] = max(1 / Self.greatestFactor, value)
            }
        }
    }

    /// This light as it was in one capture: the same, where light stands still; else with the capture's own drift, as
    /// far as its background shows it and as captures were seen to drift.
    public func adapted(to grid: LightGrid) -> FlatField {
        guard drift.contains(where: { $0 > 0 }), grid.width == width, grid.height == height else { return self }
        let (basis, shared) = (QuadraticBasis(width: width, height: height), logarithms)
        var surface = QuadraticSurface()
        let differences = LightGrid(grid, less: shared)
        surface.gain = differences.quantile(0.8)
        let deviations = drift.map(Double.init)
        for window in LightRegression.windows {
            surface = LightRegression.fitted(
                grid, shared: shared, start: surface, window: window, drift: deviations, basis: basis)
        }
        let own = basis.surface(surface.shape)
        let adapted = try? FlatField(
            logarithms: zip(shared, own).map { $0 + $1 }, grid: grid, captures: captures, background: background,
            error: error, drift: drift)
        return adapted ?? self
    }
}

extension LightGrid {
    /// A grid with a light taken out of it.
    init(_ grid: LightGrid, less light: [SIMD3<Float>]) {
        (width, height) = (grid.width, grid.height)
        (captureWidth, captureHeight) = (grid.captureWidth, grid.captureHeight)
        logarithms = zip(grid.logarithms, light).map { $0 - $1 }
    }
}
