import CImageCodecs
import NCTEngine

/// The bridge to the C codecs.
enum Codec {
    static func decode(
        _ bytes: [UInt8], header: ImageHeader, options: ReadingOptions, path: String
    ) throws(ImageFileError) -> ImageFile {
        if header.format == .bmp { return try BMPReader.decode(bytes, path: path) }
        var raster = nct_raster()
        nct_raster_init(&raster)
        defer { nct_raster_free(&raster) }
        let bounds = nct_limits(
            pixels: UInt64(clamping: options.limits.maximumPixels), side: UInt32(clamping: options.limits.maximumSide))
        var tags = header.format == .tiff ? TagDirectory(bytes) : nil
        var selection: TIFFSelection?
        let status: nct_status
        if header.format == .tiff {
            let chosen = try TIFFSelection(bytes, tags: tags, options: options, path: path)
            status = chosen.decode(bytes, limits: bounds, into: &raster)
            selection = chosen
            if let place = chosen.directories.first.flatMap({ Int(exactly: $0) }),
                let own = TagDirectory(bytes, at: place)
            {
                tags = tags.map { own.completed(by: $0) } ?? own
            }
        } else {
            status = bytes.withUnsafeBufferPointer { buffer in
                header.format == .png
                    ? nct_png_decode(buffer.baseAddress!, buffer.count, bounds, &raster)
                    : nct_jpeg_decode(buffer.baseAddress!, buffer.count, bounds, &raster)
            }
            tags = raster.exif.flatMap {
                TagDirectory([UInt8](UnsafeBufferPointer(start: $0, count: raster.exif_count)))
            }
        }
        guard status == NCT_OK else {
            throw failure(status, String(cString: nct_raster_message(&raster)), format: header.format, path: path)
        }
        var metadata = ImageMetadata(raster: &raster, format: header.format, tags: tags)
        if let selection {
            metadata.page = selection.page
            metadata.pageCount = selection.pageCount
            metadata.warnings += selection.warnings
        }
        return try finish(
            &raster, metadata: metadata, isAdobeRGB: tags?.isAdobeRGB ?? false,
            statedBits: selection?.description.sampleBits, options: options, path: path)
    }

    /// Finds the bits that count, brings the colors to sRGB, turns the picture upright, and lays what is transparent over
    /// the background.
    ///
    /// - Parameter statedBits: what a description says of the bits, where the format's own tags say nothing.
    static func finish(
        _ raster: inout nct_raster, metadata: ImageMetadata, isAdobeRGB: Bool = false, statedBits: Int? = nil,
        options: ReadingOptions = ReadingOptions(), path: String
    ) throws(ImageFileError) -> ImageFile {
        var metadata = metadata
        if raster.bits == 16 {
            // That a type has 16 bits is what descriptions say of all of them.
            let stated = raster.sample_bits > 0 ? Int(raster.sample_bits) : statedBits.flatMap { $0 < 16 ? $0 : nil }
            metadata.sampleBits = SampleBits.decide(
                greatest: Int(nct_greatest_sample(&raster)), stated: stated, setting: options.sampleBits,
                warnings: &metadata.warnings)
            if let bits = metadata.sampleBits { nct_stretch_samples(&raster, Int32(bits.count)) }
        }
        metadata.colorConversion = try ColorConversion.apply(
            to: &raster, isAdobeRGB: isAdobeRGB, warnings: &metadata.warnings, path: path)
        return expand(
            raster.pixels, width: Int(raster.width), height: Int(raster.height), channels: Int(raster.channels),
            metadata: metadata)
    }

    /// The same for samples of 8 bits in an array, RGB or RGB and alpha.
    ///
    /// - Parameter iccProfile: what the samples are in; nil for sRGB.
    static func expand(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, iccProfile: [UInt8]?, metadata: ImageMetadata,
        path: String
    ) throws(ImageFileError) -> ImageFile {
        precondition(pixels.count == width * height * channels, "samples and size differ")
        guard let iccProfile else {
            return pixels.withUnsafeBufferPointer {
                expand(
                    UnsafeRawPointer($0.baseAddress!), width: width, height: height, channels: channels,
                    metadata: metadata)
            }
        }
        var raster = nct_raster()
        nct_raster_init(&raster)
        defer { nct_raster_free(&raster) }
        let status = pixels.withUnsafeBufferPointer { pixels in
            iccProfile.withUnsafeBufferPointer { icc in
                nct_raster_copy(
                    &raster, pixels.baseAddress!, UInt32(width), UInt32(height), Int32(channels), icc.baseAddress,
                    icc.count)
            }
        }
        guard status == NCT_OK else { throw failure(status, "", format: metadata.format, path: path) }
        return try finish(&raster, metadata: metadata, path: path)
    }

    /// Turns samples (dense, top row first, as stored) into the upright image.
    private static func expand(
        _ pixels: UnsafeRawPointer, width: Int, height: Int, channels: Int, metadata: ImageMetadata
    ) -> ImageFile {
        let count = width * height
        let orientation = metadata.orientationApplied
        var alpha: [Float]?
        func fill(_ rgb: UnsafeMutablePointer<Float>, _ alpha: UnsafeMutablePointer<Float>?) {
            nct_samples_to_float(
                pixels, UInt32(width), UInt32(height), Int32(metadata.bitDepth), Int32(channels), Int32(orientation),
                rgb, alpha)
        }
        let samples = [Float](unsafeUninitializedCapacity: 3 * count) { rgb, initialized in
            if channels % 2 == 0 {
                alpha = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                    fill(rgb.baseAddress!, buffer.baseAddress!)
                    initialized = count
                }
            } else {
                fill(rgb.baseAddress!, nil)
            }
            initialized = 3 * count
        }
        var metadata = metadata
        var image = RGBImage(
            width: orientation >= 5 ? height : width, height: orientation >= 5 ? width : height, samples: samples)
        if let alpha { image = AlphaFlattening.apply(image, alpha: alpha, warnings: &metadata.warnings) }
        return ImageFile(image: image, metadata: metadata)
    }

    static func failure(
        _ status: nct_status, _ words: String, format: ImageFormat, path: String
    ) -> ImageFileError {
        let name = format.rawValue.uppercased()
        let detail = words.printable.map { " (\($0))" } ?? ""
        return switch status {
        case NCT_TRUNCATED:
            ImageFileError(
                .truncated, "the \(name) file ends before the image does\(detail)", path: path,
                remedy: "copy or export the file again")
        case NCT_UNSUPPORTED:
            ImageFileError(
                .unsupported, "this kind of \(name) is not supported\(detail)", path: path,
                remedy: "export it as 8 or 16-bit RGB PNG or TIFF")
        case NCT_TOO_LARGE:
            ImageFileError(
                .tooLarge, "the \(name) image is too large\(detail)", path: path, remedy: "crop or scale the image")
        case NCT_NO_MEMORY:
            ImageFileError(
                .outOfMemory, "not enough memory for the \(name) image", path: path,
                remedy: "free memory or use a smaller image")
        default:
            ImageFileError(
                .corrupt, "the \(name) data is damaged\(detail)", path: path, remedy: "copy or export the file again")
        }
    }
}
