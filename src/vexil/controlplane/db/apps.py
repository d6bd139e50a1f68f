from django.apps import AppConfig


class VexilConfig(AppConfig):
    name = "vexil.controlplane.db"
    label = "vexil"
    default_auto_field = "django.db.models.BigAutoField"
