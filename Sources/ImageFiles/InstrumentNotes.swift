/// What microscopes' programs write about themselves into a description: OME-XML, Leica's LAS, LAS EZ and LAS X, ImageJ's
/// calibration.
///
/// Sources: OME schema 2016-06; Leica's image description (`Data/Image/ImageDescription`, `HardwareSetting`), as
/// Bio-Formats reads it; ImageJ's `TiffEncoder`.
package struct InstrumentNotes: Sendable, Equatable {
    package var make: String?
    package var model: String?
    package var software: String?
    package var objective: String?
    /// Seconds.
    package var exposure: Double?
    package var micrometersPerPixel: Scale?

    package struct Scale: Sendable, Equatable {
        package var x: Double
        package var y: Double
    }

    /// - Parameter tags: the directory that the text is from: ImageJ writes its scale there, and its unit into the text.
    package init(_ text: String, tags: TagDirectory? = nil) {
        if text.hasPrefix("ImageJ=") {
            readImageJ(text, tags)
        } else if text.utf8.prefix(4096).contains(UInt8(ascii: "<")) {
            readMarkup(text)
        }
    }

    /// Names of attributes and elements, by what they hold.
    private static let makes: Set<String> = ["Manufacturer"]
    private static let models: Set<String> = ["MicroscopeModel", "SystemTypeName", "MicroscopeName"]
    private static let programs: Set<String> = ["SoftwareName", "Creator", "CreatorTool", "Software"]
    private static let objectives: Set<String> = ["ObjectiveName", "Objective", "ObjectiveLens"]

    private mutating func readMarkup(_ text: String) {
        var scale: (x: Double?, y: Double?)
        for element in MarkupScanner(text.utf8) {
            for (name, value) in element.attributes { note(name, value) }
            if !element.text.isEmpty { note(element.name, element.text) }
            if element.attributes["ExposureTime"] != nil || element.name == "ExposureTime" {
                let value = Double(element["ExposureTime"] ?? element.text)
                let unit = element["ExposureTimeUnit"] ?? "s"
                if let value, value > 0, let factor = ["s": 1.0, "ms": 1e-3, "µs": 1e-6][unit] {
                    exposure = exposure ?? value * factor
                }
            }
            switch element.name {
            case "Microscope":
                model = model ?? element["Model"]?.printable
            case "Objective":
                let power = element["NominalMagnification"].map { "\($0)x" }
                let aperture = element["LensNA"].map { "/\($0)" } ?? ""
                objective = objective ?? element["Model"]?.printable ?? power.map { $0 + aperture }?.printable
            case "Pixels" where scale.x == nil:
                scale = (
                    Self.micrometers(element["PhysicalSizeX"], element["PhysicalSizeXUnit"] ?? "µm"),
                    Self.micrometers(element["PhysicalSizeY"], element["PhysicalSizeYUnit"] ?? "µm")
                )
            case "DimensionDescription":
                guard let axis = element["DimID"], ["X", "Y", "1", "2"].contains(axis),
                    let count = element["NumberOfElements"].flatMap({ Double($0) }), count > 1,
                    let length = Self.micrometers(element["Length"], element["Unit"] ?? "m")
                else { break }
                if axis == "X" || axis == "1" {
                    scale.x = scale.x ?? length / (count - 1)
                } else {
                    scale.y = scale.y ?? length / (count - 1)
                }
            // Only Leica's programs write these.
            case "ATLCameraSettingDefinition", "ATLConfocalSettingDefinition", "LMSDataContainerHeader":
                make = make ?? "Leica"
            default: break
            }
            if let x = Self.micrometers(element["XMetresPerPixel"], "m"),
                let y = Self.micrometers(element["YMetresPerPixel"], "m")
            {
                scale = (scale.x ?? x, scale.y ?? y)
            }
        }
        take(scale.x, scale.y)
        if make == nil, text.contains("Leica") { make = "Leica" }
    }

    private mutating func note(_ name: String, _ value: String) {
        guard let value = String(value.prefix(256)).printable, Double(value) == nil else { return }
        if Self.makes.contains(name) { make = make ?? value }
        if Self.models.contains(name) { model = model ?? value }
        if Self.programs.contains(name) { software = software ?? value }
        if Self.objectives.contains(name) { objective = objective ?? value }
    }

    private mutating func readImageJ(_ text: String, _ tags: TagDirectory?) {
        software = text.prefix(64).split(whereSeparator: \.isNewline).first.flatMap {
            String($0).replacing("=", with: " ").printable
        }
        let unit = text.prefix(65536).split(whereSeparator: \.isNewline).first { $0.hasPrefix("unit=") }
        guard let unit = unit.map({ String($0.dropFirst("unit=".count)).replacing("\\u00B5", with: "µ") }),
            let x = tags?.positive(.xResolution), let y = tags?.positive(.yResolution)
        else { return }
        take(Self.micrometers("\(1 / x)", unit), Self.micrometers("\(1 / y)", unit))
    }

    /// No microscope's pixel is smaller than a nanometer or as large as a millimeter.
    private mutating func take(_ x: Double?, _ y: Double?) {
        guard let x = x ?? y, let y = y ?? x as Double?, (0.001..<1000).contains(x), (0.001..<1000).contains(y) else {
            return
        }
        micrometersPerPixel = Scale(x: x, y: y)
    }

    private static func micrometers(_ text: String?, _ unit: String) -> Double? {
        let units = [
            "m": 1e6, "cm": 1e4, "mm": 1e3, "µm": 1, "μm": 1, "um": 1, "micron": 1, "microns": 1, "micrometer": 1,
            "nm": 1e-3, "inch": 25400, "in": 25400,
        ]
        guard let value = text.flatMap({ Double($0) }), value > 0, let factor = units[unit.lowercased()] else {
            return nil
        }
        return value * factor
    }
}
