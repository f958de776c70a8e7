/// Which pixels of an image are data. What is taken over all of an image (means, shares, histograms, fits) is taken over
/// these alone, so that what stands in the place of the others counts for nothing.
package struct DataMask: Sendable, Equatable {
    /// Those that are data.
    private let pixels: PixelMask
    /// Pixels that are data, at least one.
    package let count: Int

    /// Nil if all are data, or none is.
    package init?(width: Int, height: Int, isData: [Bool]) {
        self.init(PixelMask(width: width, height: height, isSet: isData))
    }

    private init?(_ pixels: PixelMask) {
        count = pixels.count
        guard count > 0, count < pixels.isSet.count else { return nil }
        self.pixels = pixels
    }

    package var width: Int { pixels.width }
    package var height: Int { pixels.height }
    /// By pixel, row-major.
    package var isData: [Bool] { pixels.isSet }

    package subscript(x: Int, y: Int) -> Bool { pixels[x, y] }

    /// On the grid that ``Reduction`` makes: a pixel is data if all that it covers are. Nil as in `init`.
    package func reduced(by scale: Int) -> DataMask? {
        guard scale > 1 else { return self }
        let (columns, rows) = (width / scale, height / scale)
        var reduced = [Bool](repeating: true, count: columns * rows)
        for y in 0..<rows * scale {
            for x in 0..<columns * scale where !pixels[x, y] {
                reduced[y / scale * columns + x / scale] = false
            }
        }
        return DataMask(width: columns, height: rows, isData: reduced)
    }

    /// Of a part of the image; nil as in `init`, so that a part without data counts as a whole.
    package func cropped(to area: PixelArea) -> DataMask? {
        var part: [Bool] = []
        part.reserveCapacity(area.pixelCount)
        for y in area.y..<area.y + area.height {
            part += isData[y * width + area.x..<y * width + area.x + area.width]
        }
        return DataMask(width: area.width, height: area.height, isData: part)
    }

    /// The data that is at least so many pixels, each way, from what is none. Nil as in `init`: a field too small for that
    /// counts as a whole.
    func shrunk(by margin: Int) -> DataMask? { DataMask(pixels.shrunk(by: margin)) }

    /// True for data beside which, in its row or column, there is none.
    package func isAtEdge(_ pixel: Int) -> Bool { pixels.isAtEdge(pixel) }

    /// The samples of the pixels that are data, in their order.
    private func picked<Sample>(_ samples: [Sample], width channels: Int) -> [Sample] {
        precondition(samples.count == isData.count * channels, "a mask has its image's size")
        var result: [Sample] = []
        result.reserveCapacity(count * channels)
        for (pixel, isData) in isData.enumerated() where isData {
            result.append(contentsOf: samples[pixel * channels..<(pixel + 1) * channels])
        }
        return result
    }

    fileprivate func data(of image: RGBImage) -> RGBImage {
        RGBImage(width: count, height: 1, samples: picked(image.samples, width: 3))
    }

    fileprivate func data(of image: LabImage) -> LabImage {
        LabImage(width: count, height: 1, samples: picked(image.samples, width: 3))
    }

    fileprivate func data<Label>(of labels: LabelMap<Label>) -> LabelMap<Label> {
        LabelMap(width: count, height: 1, bytes: picked(labels.bytes, width: 1))
    }

    fileprivate func data(of plane: Plane) -> Plane {
        Plane(width: count, height: 1, values: picked(plane.values, width: 1))
    }
}

/// Without a mask all is data.
extension DataMask? {
    package func isData(_ pixel: Int) -> Bool { self.map { $0.isData[pixel] } ?? true }

    package func reduced(by scale: Int) -> DataMask? { flatMap { $0.reduced(by: scale) } }
    package func cropped(to area: PixelArea) -> DataMask? { flatMap { $0.cropped(to: area) } }

    /// The pixels that are data, in a row.
    package func data(of image: RGBImage) -> RGBImage { map { $0.data(of: image) } ?? image }
    package func data(of image: LabImage) -> LabImage { map { $0.data(of: image) } ?? image }
    package func data<Label>(of labels: LabelMap<Label>) -> LabelMap<Label> { map { $0.data(of: labels) } ?? labels }
    package func data(of plane: Plane) -> Plane { map { $0.data(of: plane) } ?? plane }

    /// Labels with the one of a number wherever there is no data.
    package func replaced<Label>(in labels: LabelMap<Label>, byNumber number: UInt8) -> LabelMap<Label> {
        guard let self else { return labels }
        var result = labels
        for (pixel, isData) in self.isData.enumerated() where !isData { result.bytes[pixel] = number }
        return result
    }
}

extension Plane {
    /// 0 where there is no data.
    package func masked(by mask: DataMask?) -> Plane {
        masked(by: mask, at: PixelArea(x: 0, y: 0, width: width, height: height))
    }

    /// The same of a part of what the mask is of, which may be a part without any data.
    func masked(by mask: DataMask?, at area: PixelArea) -> Plane {
        guard let mask else { return self }
        precondition(area.width == width && area.height == height, "a plane has its area's size")
        var result = self
        for y in 0..<height {
            for x in 0..<width where !mask[area.x + x, area.y + y] { result[x, y] = 0 }
        }
        return result
    }
}
