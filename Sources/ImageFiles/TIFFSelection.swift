import CImageCodecs

/// Which image of a TIFF file is the capture: the page of full resolution, one of several pages, or three gray pages that
/// are its red, green and blue.
struct TIFFSelection {
    /// One directory, or those of red, green and blue.
    private(set) var directories: [UInt64] = []
    /// Where three gray samples of one page are red, green and blue.
    private(set) var order: [Int]?
    /// From 1 on, among the full images.
    private(set) var page = 1
    /// How many full images there are; three that become one count once.
    private(set) var pageCount = 1
    private(set) var warnings: [String] = []
    private(set) var description = ChannelDescription("")

    private static let mostPages: Int32 = 4096

    init(_ bytes: [UInt8], tags: TagDirectory?, options: ReadingOptions, path: String) throws(ImageFileError) {
        let (pages, isDamaged) = Self.pages(of: bytes)
        description = ChannelDescription(tags?.description ?? "", lookupTables: tags?.lookupTables ?? [])
        guard let first = pages.first else { return }
        var full = pages.filter { !$0.is_sub && $0.kind & 5 == 0 }
        if full.isEmpty {
            // A small version first, and the picture itself among what belongs to it.
            let candidates = pages.filter { $0.kind & 5 == 0 }
            full = Self.largest(candidates.isEmpty ? pages.filter { $0.kind & 4 == 0 } : candidates)
            if candidates.isEmpty {
                warnings.append(
                    "every image of the file says that it is another one made smaller; the largest was read")
            }
        }
        if isDamaged { warnings.append("the file says that it holds further pages, and they cannot be read") }
        guard let picture = full.first else { return }
        directories = [picture.offset]
        if full.count == 1 {
            try chooseChannels(of: picture, path: path)
        } else if try !compose(full, tags: tags, options: options, path: path) {
            try choose(full, options: options, path: path)
        }
        if directories == [first.offset], order == nil { directories = [] }
    }

    // bounded: at most 4096 pages
    private static func pages(of bytes: [UInt8]) -> (pages: [nct_tiff_page], isDamaged: Bool) {
        var isDamaged = false
        let pages = bytes.withUnsafeBufferPointer { buffer in
            [nct_tiff_page](unsafeUninitializedCapacity: Int(mostPages)) { pages, count in
                count = Int(
                    nct_tiff_pages(buffer.baseAddress!, buffer.count, pages.baseAddress!, mostPages, &isDamaged))
            }
        }
        return (pages, isDamaged)
    }

    // bounded: sides have 32 bits
    private static func largest(_ pages: [nct_tiff_page]) -> [nct_tiff_page] {
        pages.max { UInt64($0.width) * UInt64($0.height) < UInt64($1.width) * UInt64($1.height) }.map { [$0] } ?? []
    }

    /// Pages that `pages = "all"` makes captures of: full images that are no channels of one.
    static func pageCount(_ bytes: [UInt8]) -> Int {
        let tags = TagDirectory(bytes)
        let options = ReadingOptions(pages: .all)
        return (try? TIFFSelection(bytes, tags: tags, options: options, path: ""))?.pageCount ?? 1
    }

    private static func isGray(_ page: nct_tiff_page) -> Bool { page.photometric <= 1 && page.samples == 1 }

    /// Three gray samples per pixel of which the description says the colors.
    private mutating func chooseChannels(of page: nct_tiff_page, path: String) throws(ImageFileError) {
        guard page.photometric <= 1, page.samples == 3 else { return }
        if let planes = description.planes, Set(planes) == [0, 1, 2] {
            order = planes
        } else if description.channels == 3 {
            throw unnamed(path)
        }
    }

    /// Three gray pages that are one picture; false where they are pages of their own.
    private mutating func compose(
        _ full: [nct_tiff_page], tags: TagDirectory?, options: ReadingOptions, path: String
    ) throws(ImageFileError) -> Bool {
        let isAlike = full.allSatisfy {
            Self.isGray($0) && $0.width == full[0].width && $0.height == full[0].height && $0.bits == full[0].bits
        }
        guard isAlike else { return false }
        if description.channels > 1 {
            guard description.channels == 3, let planes = description.planes,
                planes.allSatisfy({ full.indices.contains($0) })
            else { throw unnamed(path) }
            directories = planes.map { full[$0].offset }
            if full.count > 3 {
                warnings.append(
                    "the file holds \(full.count / 3) focus planes or times; the first was read")
            }
            return true
        }
        guard full.count == 3, options.pages == nil, options.page == nil else { return false }
        throw unnamed(path)
    }

    private func unnamed(_ path: String) -> ImageFileError {
        let names = description.names.filter { !$0.isEmpty }
        let said = names.isEmpty ? "" : " (they are named \(names.joined(separator: ", ")))"
        return ImageFileError(
            .unsupported,
            "the file holds \(max(description.channels, 3)) gray images, and nothing says which are red, green and blue"
                + said,
            path: path,
            remedy:
                "export it as one RGB picture, or name the channels red, green and blue; if they are pages of their "
                + "own, say pages = \"first\" or \"all\" in the profile")
    }

    private mutating func choose(
        _ full: [nct_tiff_page], options: ReadingOptions, path: String
    ) throws(ImageFileError) {
        pageCount = full.count
        if options.page == nil, options.pages == .error {
            throw ImageFileError(
                .unsupported, "the file holds \(full.count) pages, and the profile says pages = \"error\"", path: path,
                remedy: "export each as a file of its own, or say pages = \"first\" or \"all\" in the profile")
        }
        page = options.page ?? 1
        guard full.indices.contains(page &- 1) else {
            throw ImageFileError(
                .unsupported, "the file holds \(full.count) pages, and page \(page) was asked for", path: path,
                remedy: "correct `page` in the profile")
        }
        directories = [full[page &- 1].offset]
        if options.pages != .all {
            warnings.append(
                "the file holds \(full.count) pages (fields, focus planes or times); only page \(page) was read")
        }
    }

    /// Decodes what was chosen.
    // bounded: at most three directories
    func decode(_ bytes: [UInt8], limits: nct_limits, into raster: inout nct_raster) -> nct_status {
        bytes.withUnsafeBufferPointer { buffer in
            if let order {
                return order.map { Int32($0) }.withUnsafeBufferPointer {
                    nct_tiff_decode_channels(
                        buffer.baseAddress!, buffer.count, limits, directories.first ?? 0, $0.baseAddress!, &raster)
                }
            }
            return (directories + [0]).withUnsafeBufferPointer {
                nct_tiff_decode(
                    buffer.baseAddress!, buffer.count, limits, $0.baseAddress!, Int32(directories.count), &raster)
            }
        }
    }
}
