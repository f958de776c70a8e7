/// How large an image may be. Checked from the file's size and header, before anything is allocated for its pixels.
public struct ImageLimits: Sendable, Equatable, Codable {
    /// The most pixels, width times height.
    public var maximumPixels: Int
    /// The most bytes of the file.
    public var maximumBytes: Int
    /// The longest side in pixels.
    public var maximumSide: Int

    /// The defaults hold what microscopes make.
    public init(maximumPixels: Int = 200_000_000, maximumBytes: Int = 1 << 30, maximumSide: Int = 65_500) {
        self.maximumPixels = maximumPixels
        self.maximumBytes = maximumBytes
        self.maximumSide = maximumSide
    }

    /// For files that are not decoded but hashed, or are the program's own: weights and caches.
    package static let files = ImageLimits(maximumBytes: 16 << 30)

    func check(byteCount: Int, path: String) throws(ImageFileError) {
        guard byteCount > maximumBytes else { return }
        throw ImageFileError(
            .tooLarge, "the file has \(byteCount) bytes, and at most \(maximumBytes) are read", path: path,
            remedy: "crop or compress the image")
    }

    /// Throws `tooLarge` for a header that claims more than is read, `corrupt` for one without pixels.
    public func check(_ header: ImageHeader, path: String) throws(ImageFileError) {
        guard header.width > 0, header.height > 0 else {
            throw ImageFileError(
                .corrupt, "the header says \(header.width) × \(header.height) pixels", path: path,
                remedy: "export or copy the file again")
        }
        let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
        guard overflow || pixels > maximumPixels || max(header.width, header.height) > maximumSide else { return }
        throw ImageFileError(
            .tooLarge,
            "the header says \(header.width) × \(header.height) pixels, and at most \(maximumPixels) pixels and "
                + "\(maximumSide) a side are read",
            path: path,
            remedy: "crop or scale the image"
                + (overflow || max(header.width, header.height) > maximumSide
                    ? "; or copy the file again, if its header is wrong"
                    : "; the daemon reads larger ones with a higher maximum_megapixels"))
    }
}
