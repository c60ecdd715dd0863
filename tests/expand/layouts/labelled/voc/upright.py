from expand.geometry import IDENTITY, Affine


def upright_map(orientation, size):
    turned = Affine(0, 1, 0, 1, 0, 0) if orientation in (5, 6, 7, 8) else IDENTITY
    if orientation in (3, 4, 7, 8):
        turned = Affine(1, 0, 0, 0, -1, size.height).after(turned)
    if orientation in (2, 3, 6, 7):
        turned = Affine(-1, 0, size.width, 0, 1, 0).after(turned)
    return turned
