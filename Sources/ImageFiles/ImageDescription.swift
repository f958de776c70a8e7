import CImageCodecs

extension ImageMetadata {
    /// What a decoded file says about itself.
    ///
    /// - Parameter tags: of the TIFF, or of the EXIF block.
    init(raster: inout nct_raster, format: ImageFormat, tags: TagDirectory?) {
        self.init(
            format: format, bitDepth: Int(raster.bits), channels: Int(raster.file_channels), make: tags?.text(.make),
            model: tags?.text(.model), software: tags?.text(.software),
            capturedAt: tags?.text(.dateTimeOriginal) ?? tags?.text(.dateTime))
        warnings = String(cString: nct_raster_warnings(&raster))
            .split(separator: "\n").compactMap { String($0).printable }
        if let orientation = tags?.integer(.orientation) {
            if (1...8).contains(orientation) {
                orientationApplied = orientation
            } else {
                warnings.append("the orientation \(orientation) means nothing and was ignored")
            }
        }
        if raster.pixels_per_meter_x > 0, raster.pixels_per_meter_y > 0 {
            resolution = ImageResolution(x: raster.pixels_per_meter_x, y: raster.pixels_per_meter_y)
        } else {
            resolution = tags?.resolution
        }
        objective = tags?.text(.lensModel)
        exposure = tags?.positive(.exposureTime)
        for tag in [TagDirectory.Tag.imageDescription, .xmp, .userComment] {
            if let text = tags?.longText(tag) { add(InstrumentNotes(text, tags: tags)) }
        }
        if let found = resolution, orientationApplied >= 5 {
            resolution = ImageResolution(x: found.y, y: found.x)
        }
    }

    /// Takes over what a microscope's program wrote: its scale before that of the usual tags, which most programs leave at
    /// a screen's; of the rest what is not known yet.
    package mutating func add(_ notes: InstrumentNotes) {
        if let scale = notes.micrometersPerPixel {
            resolution = ImageResolution(x: 1e6 / scale.x, y: 1e6 / scale.y)
        }
        make = make ?? notes.make
        model = model ?? notes.model
        software = software ?? notes.software
        objective = objective ?? notes.objective
        exposure = exposure ?? notes.exposure
    }

    /// Micrometers a pixel along both axes, where the resolution can be a microscope's.
    public var micrometersPerPixel: Double? {
        guard let resolution, resolution.x > 0, resolution.y > 0 else { return nil }
        let size = 1e6 / (resolution.x * resolution.y).squareRoot()
        return (0.005...20).contains(size) ? size : nil
    }
}
