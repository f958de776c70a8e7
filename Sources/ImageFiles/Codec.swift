import CImageCodecs
import NCTEngine

/// The bridge to the C codecs.
enum Codec {
    static func decode(
        _ bytes: [UInt8], header: ImageHeader, limits: ImageLimits, path: String
    ) throws(ImageFileError) -> ImageFile {
        if header.format == .bmp { return try BMPReader.decode(bytes, path: path) }
        var raster = nct_raster()
        nct_raster_init(&raster)
        defer { nct_raster_free(&raster) }
        let bounds = nct_limits(
            pixels: UInt64(clamping: limits.maximumPixels), side: UInt32(clamping: limits.maximumSide))
        let status = bytes.withUnsafeBufferPointer { buffer in
            switch header.format {
            case .png: nct_png_decode(buffer.baseAddress!, buffer.count, bounds, &raster)
            case .jpeg: nct_jpeg_decode(buffer.baseAddress!, buffer.count, bounds, &raster)
            case .tiff, .bmp: nct_tiff_decode(buffer.baseAddress!, buffer.count, bounds, &raster)
            }
        }
        guard status == NCT_OK else {
            throw failure(status, String(cString: nct_raster_message(&raster)), format: header.format, path: path)
        }
        let exif = raster.exif.map { [UInt8](UnsafeBufferPointer(start: $0, count: raster.exif_count)) }
        let tags = header.format == .tiff ? TagDirectory(bytes) : exif.flatMap { TagDirectory($0) }
        let metadata = describe(&raster, format: header.format, tags: tags)
        return expand(
            raster.pixels, width: Int(raster.width), height: Int(raster.height), channels: Int(raster.channels),
            metadata: metadata)
    }

    private static func describe(
        _ raster: inout nct_raster, format: ImageFormat, tags: TagDirectory?
    ) -> ImageMetadata {
        var metadata = ImageMetadata(
            format: format, bitDepth: Int(raster.bits), channels: Int(raster.file_channels), make: tags?.text(.make),
            model: tags?.text(.model), software: tags?.text(.software),
            capturedAt: tags?.text(.dateTimeOriginal) ?? tags?.text(.dateTime))
        metadata.warnings = String(cString: nct_raster_warnings(&raster))
            .split(separator: "\n").compactMap { String($0).printable }
        if let orientation = tags?.integer(.orientation) {
            if (1...8).contains(orientation) {
                metadata.orientationApplied = orientation
            } else {
                metadata.warnings.append("the orientation \(orientation) means nothing and was ignored")
            }
        }
        if raster.pixels_per_meter_x > 0, raster.pixels_per_meter_y > 0 {
            metadata.resolution = ImageResolution(x: raster.pixels_per_meter_x, y: raster.pixels_per_meter_y)
        } else {
            metadata.resolution = tags?.resolution
        }
        if let resolution = metadata.resolution, metadata.orientationApplied >= 5 {
            metadata.resolution = ImageResolution(x: resolution.y, y: resolution.x)
        }
        if let icc = raster.icc {
            let profile = [UInt8](UnsafeBufferPointer(start: icc, count: raster.icc_count))
            if ICCProfile.isRGB(profile) {
                metadata.iccProfile = profile
            } else {
                metadata.warnings.append("the embedded ICC profile is not one for RGB and was dropped")
            }
        }
        return metadata
    }

    /// The same for samples of 8 bits in an array.
    static func expand(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, metadata: ImageMetadata
    ) -> ImageFile {
        precondition(pixels.count == width * height * channels, "samples and size differ")
        return pixels.withUnsafeBufferPointer {
            expand(
                UnsafeRawPointer($0.baseAddress!), width: width, height: height, channels: channels, metadata: metadata)
        }
    }

    /// Turns samples (dense, top row first, as stored) into the upright image.
    static func expand(
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
        let image = RGBImage(
            width: orientation >= 5 ? height : width, height: orientation >= 5 ? width : height, samples: samples)
        return ImageFile(image: image, alpha: alpha, metadata: metadata)
    }

    /// The image as dense samples, `channels` 3 or 4, 16 bits in the machine's byte order.
    static func samples(_ image: RGBImage, alpha: [Float]?, depth: Int) -> [UInt8] {
        let size = image.pixelCount * (alpha == nil ? 3 : 4) * depth / 8
        return image.samples.withUnsafeBufferPointer { rgb in
            [UInt8](unsafeUninitializedCapacity: size) { out, initialized in
                func write(_ alpha: UnsafePointer<Float>?) {
                    nct_float_to_samples(rgb.baseAddress!, alpha, image.pixelCount, Int32(depth), out.baseAddress!)
                }
                if let alpha {
                    alpha.withUnsafeBufferPointer { write($0.baseAddress) }
                } else {
                    write(nil)
                }
                initialized = size
            }
        }
    }

    static func encode(
        _ file: ImageFile, options: ImageWriteOptions, depth: Int
    ) throws(ImageFileError) -> [UInt8] {
        if options.format == .bmp { return try BMPWriter.encode(file) }
        let alpha = options.format.holdsAlpha ? file.alpha : nil
        let pixels = samples(file.image, alpha: alpha, depth: depth)
        let icc = file.metadata.iccProfile.flatMap { ICCProfile.isRGB($0) ? $0 : nil } ?? []
        var exif: [UInt8] = []
        if options.format == .jpeg, let resolution = file.metadata.resolution,
            max(resolution.x, resolution.y) * 0.0254 >= 65535, min(resolution.x, resolution.y) > 0
        {
            exif = ExifBlock.make(resolution: resolution)
        }
        return try pixels.withUnsafeBytes { pixels in
            icc.withUnsafeBufferPointer { icc in
                exif.withUnsafeBufferPointer { exif in
                    var picture = nct_picture()
                    picture.width = UInt32(file.image.width)
                    picture.height = UInt32(file.image.height)
                    picture.bits = Int32(depth)
                    picture.channels = alpha == nil ? 3 : 4
                    picture.pixels = pixels.baseAddress
                    picture.icc = icc.isEmpty ? nil : icc.baseAddress
                    picture.icc_count = icc.count
                    picture.exif = exif.isEmpty ? nil : exif.baseAddress
                    picture.exif_count = exif.count
                    picture.pixels_per_meter_x = file.metadata.resolution?.x ?? 0
                    picture.pixels_per_meter_y = file.metadata.resolution?.y ?? 0
                    picture.jpeg_quality = Int32(options.jpegQuality)
                    picture.png_compression = Int32(options.pngCompression)
                    return encoded(picture, as: options.format)
                }
            }
        }.get()
    }

    /// Labels as an 8-bit gray PNG.
    static func encode(_ labels: LabelMap, compression: Int) throws(ImageFileError) -> [UInt8] {
        try labels.labels.withUnsafeBytes { pixels in
            var picture = nct_picture()
            picture.width = UInt32(labels.width)
            picture.height = UInt32(labels.height)
            picture.bits = 8
            picture.channels = 1
            picture.pixels = pixels.baseAddress
            picture.png_compression = Int32(compression)
            return encoded(picture, as: .png)
        }.get()
    }

    /// The picture's file; what it points to is only read from.
    private static func encoded(_ picture: nct_picture, as format: ImageFormat) -> Result<[UInt8], ImageFileError> {
        var picture = picture
        var output = nct_output()
        nct_output_init(&output)
        defer { nct_output_free(&output) }
        let status =
            switch format {
            case .png: nct_png_encode(&picture, &output)
            case .jpeg: nct_jpeg_encode(&picture, &output)
            case .tiff, .bmp: nct_tiff_encode(&picture, &output)
            }
        guard status == NCT_OK, let bytes = output.bytes else {
            return .failure(
                failure(
                    status == NCT_CORRUPT ? NCT_UNSUPPORTED : status, String(cString: nct_output_message(&output)),
                    format: format, path: "\(format.rawValue) output"))
        }
        return .success([UInt8](UnsafeBufferPointer(start: bytes, count: output.count)))
    }

    private static func failure(
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

/// What of an ICC profile is looked at. Source: ICC.1:2022, clause 7.2 (the header).
enum ICCProfile {
    /// Whether the profile's data color space is RGB, which is what the writers write.
    static func isRGB(_ profile: [UInt8]) -> Bool {
        let view = ByteView(bytes: profile, bigEndian: true)
        return profile.count >= 128 && view.starts(with: Array("RGB ".utf8), at: 16)
    }
}
