import NCTEngine
import Pictures
import Testing

@Suite struct ColorMapTests {
    @Test("The sequential map grows lighter at every step")
    func sequentialRises() {
        let luma = (0...255).map { ColorMap.sequential[Float($0) / 255].luma }
        for (darker, lighter) in zip(luma, luma.dropFirst()) { #expect(lighter > darker) }
    }

    @Test("The diverging map is lightest in the middle, blue below and red above")
    func diverging() {
        let low = ColorMap.diverging[0]
        let high = ColorMap.diverging[1]
        let middle = ColorMap.diverging[0.5]
        #expect(low.blue > low.red && high.red > high.blue)
        #expect(middle.luma > 0.9 && low.luma < 0.6 && high.luma < 0.6)
    }

    @Test("Values outside the range are clamped, and a value that is no number is the lower end")
    func clamping() {
        #expect(ColorMap.sequential[-3] == ColorMap.sequential[0])
        #expect(ColorMap.sequential[7] == ColorMap.sequential[1])
        #expect(ColorMap.sequential[.nan] == ColorMap.sequential[0])
    }

    @Test("The first 32 categories are 32 different colors")
    func categories() {
        let colors = (0..<32).map { ColorMap.category($0) }
        for index in colors.indices {
            for other in colors.indices where other < index {
                let distance =
                    abs(colors[index].red - colors[other].red) + abs(colors[index].green - colors[other].green)
                    + abs(colors[index].blue - colors[other].blue)
                #expect(distance > 0.03, "categories \(other) and \(index)")
            }
        }
    }

    @Test("A picture of a flat plane is flat, not a division by zero")
    func flatPlane() {
        let picture = ColorMap.sequential.image(of: Plane(width: 3, height: 2, repeating: 5), from: 5, to: 5)
        #expect(picture.width == 3 && picture.height == 2)
        #expect(Set(picture.samples).count <= 3)
    }

    @Test("A label map's picture has one color a label")
    func labels() {
        let picture = ColorMap.image(of: LabelMap<Cluster>(width: 2, height: 1, bytes: [0, 4]))
        let second = ColorMap.category(4)
        #expect(Array(picture.samples[3...]) == [second.red, second.green, second.blue])
    }

    @Test("An overlay leaves the background and puts each class's color over the image, half and half")
    func overlay() {
        let image = RGBImage(width: 5, height: 1, samples: (0..<15).map { Float($0) / 15 })
        let picture = ColorMap.overlay(ofClasses: LabelMap(width: 5, height: 1, bytes: [0, 1, 2, 3, 4]), on: image)
        #expect(picture.samples[..<3] == image.samples[..<3])
        for kind in SmearClass.allCases.dropFirst() {
            let color = ColorMap.color(of: kind)
            for (channel, value) in [color.red, color.green, color.blue].enumerated() {
                let index = 3 * Int(kind.rawValue) + channel
                #expect(abs(picture.samples[index] - (image.samples[index] + value) / 2) < 1e-6)
            }
        }
    }
}
