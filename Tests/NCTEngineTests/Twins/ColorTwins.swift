import CKernelTwins
import CKernels
import NCTEngine

// The twins of `color.c`: by the fast kernel and by its twin.
extension ColorKernels {
    static func labFromSRGB(_ rgb: [Float]) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: rgb.count)) {
            guard $0 else { return $1 = labFromSRGB(rgb, workers: Workers(threads: 2)) }
            nct_srgb_to_lab_scalar(rgb, &$1, rgb.count / 3)
        }
    }

    /// Samples, and how many pixels were clipped.
    typealias Clipped = (samples: [Float], clipped: Int)

    static func sRGBFromLab(_ lab: [Float]) -> (fast: Clipped, scalar: Clipped) {
        let empty: Clipped = ([Float](repeating: 0, count: lab.count), 0)
        return both(from: empty) {
            guard $0 else { return $1 = sRGBFromLab(lab, workers: Workers(threads: 2)) }
            $1.clipped = nct_lab_to_srgb_scalar(lab, &$1.samples, lab.count / 3)
        }
    }

    static func luminance(_ rgb: [Float], weights: (Float, Float, Float)) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: rgb.count / 3)) {
            guard $0 else { return $1 = luminance(rgb, weights: weights, workers: Workers(threads: 2)) }
            nct_luminance_scalar(rgb, &$1, rgb.count / 3, weights.0, weights.1, weights.2)
        }
    }

    static func blendQuadratic(
        of lab: [Float], coefficients: [Float], share: Float, into result: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: result) {
            guard $0 else {
                return blendQuadratic(
                    of: lab, coefficients: coefficients, share: share, into: &$1, workers: Workers(threads: 1))
            }
            nct_blend_quadratic_scalar(lab, &$1, lab.count / 3, coefficients, share, 0)
        }
    }
}

extension LightKernels {
    static func quotients(_ samples: [Float], _ light: [Float]) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: samples.count)) {
            ($0 ? nct_divide_light_scalar : nct_divide_light)(samples, light, &$1, samples.count)
        }
    }
}
